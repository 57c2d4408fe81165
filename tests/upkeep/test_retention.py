"""Retention: old bodies are emptied, old events deleted; what is not finished stays whole, whatever its age."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.event import listen

from app.cli.prune import prune_command
from app.core.states import DispatchState, EventState
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.pipeline.upkeep import retention
from app.pipeline.upkeep.housekeeping import tidy
from app.pipeline.upkeep.retention import prune_all, prune_when_due
from app.storage.audit import audit_entries
from app.storage.commands import commands
from app.storage.inbox.events import events, find_event
from app.storage.inbox.nonces import nonces, use_nonce
from app.storage.inbox.rejections import rejections
from app.storage.pruning.old_events import lock_finished
from app.storage.queue.dispatches import attempts, dispatches
from tests.builders import NOW, run_stored_claim, signed_callback
from tests.upkeep.stage import count, has_body, is_there, old_audit, old_event, old_rejection

MakeServices = Callable[..., Services]

UNFINISHED = [
    (EventState.RECEIVED, (DispatchState.PENDING,)),
    (EventState.PROCESSING, (DispatchState.SUCCEEDED, DispatchState.RUNNING)),
    (EventState.RETRYING, (DispatchState.RETRYING,)),
    (EventState.DEAD, (DispatchState.DEAD, DispatchState.RETRYING)),
    (EventState.DEAD, (DispatchState.DEAD, DispatchState.PENDING)),
    (EventState.DEAD, (DispatchState.DEAD, DispatchState.RUNNING)),
]
FINISHED = [
    (EventState.SUCCEEDED, (DispatchState.SUCCEEDED,)),
    (EventState.DEAD, (DispatchState.SUCCEEDED, DispatchState.DEAD)),
    (EventState.IGNORED, ()),
]


@pytest.fixture(autouse=True)
def _without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "REST", 0.0)


@pytest.mark.parametrize(("state", "dispatch_states"), FINISHED)
def test_finished_events_are_emptied_and_later_deleted(
    services: Services, state: EventState, dispatch_states: tuple[DispatchState, ...]
) -> None:
    young, old, very_old = (
        old_event(services, days, state=state, dispatch_states=dispatch_states) for days in (29, 31, 91)
    )
    done = prune_all(services)
    assert (done.bodies, done.events, done.is_complete) == (1, 1, True)
    assert has_body(services, young)
    assert not has_body(services, old)
    assert not is_there(services, very_old)
    assert count(services, dispatches) == count(services, attempts) == 2 * len(dispatch_states)


@pytest.mark.parametrize(("state", "dispatch_states"), UNFINISHED)
def test_unfinished_events_stay_whole_whatever_their_age(
    services: Services, state: EventState, dispatch_states: tuple[DispatchState, ...]
) -> None:
    ids = [old_event(services, days, state=state, dispatch_states=dispatch_states) for days in (31, 400)]
    done = prune_all(services)
    assert (done.bodies, done.events) == (0, 0)
    assert all(has_body(services, event_id) for event_id in ids)
    with services.database.read() as tx:
        assert all(row.result is not None for row in tx.execute(dispatches.select()))


def test_the_days_are_settings(services_with: MakeServices) -> None:
    services = services_with(env={"RETENTION_BODY_DAYS": "2", "RETENTION_EVENT_DAYS": "4"})
    kept, emptied, deleted = (old_event(services, days) for days in (1, 3, 5))
    prune_all(services)
    assert has_body(services, kept)
    assert not has_body(services, emptied)
    assert not is_there(services, deleted)


def test_an_emptied_event_can_still_be_looked_at(services: Services) -> None:
    event_id = old_event(services, 31)
    prune_all(services)
    detail = event_detail(services, event_id)
    assert detail is not None
    assert (detail["body_base64"], detail["data"], detail["headers"]) == (None, None, [])
    assert (detail["query"], detail["body_pruned"]) == ("", True)
    assert detail["dispatches"][0]["attempts"][0]["outcome"] == "succeeded"
    with services.database.read() as tx:
        event = find_event(tx, event_id)
        assert [row.result for row in tx.execute(dispatches.select())] == [None]
    assert event is not None
    assert (event.raw, event.data, event.headers) == (b"", {}, ())


def test_the_result_of_a_command_goes_with_its_event(services: Services) -> None:
    kept, emptied, deleted = (old_event(services, days) for days in (29, 31, 91))
    with services.database.begin() as tx:
        for event_id in (kept, emptied, deleted):
            tx.execute(commands.insert().values(**_command(event_id)))
    prune_all(services)
    with services.database.read() as tx:
        results = {row.id: row.result for row in tx.execute(commands.select())}
    assert results == {kept: b'"done"', emptied: None}


def _command(event_id: str) -> dict[str, Any]:
    return {
        "id": event_id,
        "channel": "callback",
        "command": "report",
        "callback_url": "https://crm.test/done",
        "run_route": "run",
        "callback_route": "tell",
        "attempt": 1,
        "result": b'"done"',
        "created_at": NOW,
    }


def test_a_redelivery_of_an_emptied_event_is_still_a_copy(services_with: MakeServices) -> None:
    router = Router()
    router.on("callback", name="handler", inline=True)(lambda event, context: "done")
    services = services_with(router=router, env={"RETENTION_BODY_DAYS": "2"})
    assert receive(services, "callback", signed_callback(), trace_id="").status == 200
    services.clock.advance(days=3)  # type: ignore[attr-defined]
    assert prune_all(services).bodies == 1
    again = signed_callback(received_at=services.clock.now())
    reply = receive(services, "callback", again, trace_id="")
    assert json.loads(reply.body)["status"] == "already_processed"
    assert count(services, events) == 1


def test_rejections_go_with_the_bodies_and_audit_stays_half_a_year(services: Services) -> None:
    for days in (31, 1):
        old_rejection(services, days)
    for days in (184, 100, 1):
        old_audit(services, days)
    done = prune_all(services)
    assert (done.rejections, done.audit_entries) == (1, 1)
    assert (count(services, rejections), count(services, audit_entries)) == (1, 2)


def test_much_is_pruned_in_small_transactions(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for number in range(10):
        old_event(services, 31 + number)
        old_event(services, 91 + number)
        old_rejection(services, 31)
    done = prune_all(services)
    assert (done.bodies, done.events, done.rejections) == (10, 10, 10)


def test_nonces_whose_time_is_over_are_forgotten_in_small_transactions(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    with services.database.begin() as tx:
        for number in range(10):
            use_nonce(tx, "callback", f"old-{number}", NOW - timedelta(seconds=1))
        use_nonce(tx, "callback", "new", NOW + timedelta(seconds=1))
    deletes: list[str] = []
    listen(
        services.database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *_: (
            deletes.append(statement) if statement.startswith("DELETE FROM nonces") else None
        ),
    )
    assert prune_all(services).nonces == 10
    assert len(deletes) == 4
    assert count(services, nonces) == 2, "the new one, and the mark of what was forgotten"


def test_unfinished_events_do_not_stop_those_behind_them(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        old_event(services, 400, state=EventState.RETRYING, dispatch_states=(DispatchState.RETRYING,))
    old_event(services, 100)
    old_event(services, 40)
    done = prune_all(services)
    assert (done.bodies, done.events) == (1, 1)


def test_a_run_that_is_out_of_time_goes_on_the_next_time(services: Services) -> None:
    old_event(services, 91)
    cut = prune_when_due(services, seconds=0)
    assert cut is not None
    assert (cut.events, cut.is_complete) == (0, False)
    done = prune_when_due(services)
    assert done is not None
    assert (done.events, done.is_complete) == (1, True)


def test_a_complete_run_is_not_repeated_within_ten_minutes(services: Services) -> None:
    assert prune_when_due(services) is not None
    old_event(services, 91)
    assert prune_when_due(services) is None
    services.runtime.pruning.next_run -= 601
    assert prune_when_due(services) is not None


def test_what_was_emptied_is_not_read_again(services: Services) -> None:
    event_id = old_event(services, 40)
    prune_when_due(services)
    assert services.runtime.pruning.bodies_done_to is not None
    assert services.runtime.pruning.bodies_done_to[1] == event_id
    newer, older = old_event(services, 31), old_event(services, 50)
    services.runtime.pruning.next_run = 0.0
    prune_when_due(services)
    assert (has_body(services, newer), has_body(services, older)) == (False, True)
    services.runtime.pruning.next_run = services.runtime.pruning.walk_again = 0.0
    prune_when_due(services)
    assert not has_body(services, older)


def test_tidying_prunes_from_the_first_start_on(services: Services) -> None:
    event_id = old_event(services, 91)
    tidy(services)
    assert not is_there(services, event_id)


def test_two_processes_prune_side_by_side(services: Services, services_with: MakeServices) -> None:

    for number in range(30):
        old_event(services, 91 + number)
        old_event(services, 31 + number)
    both = [services, services_with()]
    totals: list[Any] = []
    threads = [threading.Thread(target=lambda each=each: totals.append(prune_all(each))) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    prune_all(services)
    assert sum(done.events for done in totals) == 30
    assert len(totals) == 2


@pytest.mark.backends("sqlite")
def test_the_terminal_prints_what_went(services: Services) -> None:
    old_event(services, 91)
    old_event(services, 31)
    old_rejection(services, 31)
    output = CliRunner().invoke(prune_command(services), []).output
    assert "1 events emptied, 1 events deleted.\n" in output
    assert "1 rejections and 0 audit entries deleted.\n" in output
    assert "0 nonces and 0 followers forgotten.\n" in output


def test_a_late_retry_of_an_old_event_has_its_body(services_with: MakeServices) -> None:
    bodies: list[bytes] = []
    router = Router()

    def fails_once(event: Any, context: Any) -> None:
        bodies.append(event.raw)
        if len(bodies) == 1:
            raise RuntimeError

    router.on("callback", name="handler")(fails_once)
    services = services_with(router=router)
    receive(services, "callback", signed_callback(), trace_id="")
    for _ in range(2):
        for claim in claim_work(services, limit=10):
            run_stored_claim(services, claim)
        services.clock.advance(days=200)  # type: ignore[attr-defined]
        if len(bodies) == 1:
            prune_all(services)
    assert bodies == [signed_callback().body] * 2


@pytest.mark.backends("postgresql")
def test_the_walk_over_old_events_uses_an_index(services: Services) -> None:
    for number in range(40):
        old_event(services, 31 + number)
    with services.database.read() as tx:
        tx.execute(text("ANALYZE events"))
        tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = tx.execute(
            text(
                "EXPLAIN SELECT id FROM events WHERE received_at < 9 AND received_at >= 1 "
                "AND (received_at > 1 OR (received_at = 1 AND id > 'a')) ORDER BY received_at, id LIMIT 200"
            )
        ).scalars()
        shown = "\n".join(plan)
    assert "ix_events_received_at" in shown
    assert "Sort" not in shown


@pytest.mark.backends("sqlite")
def test_finished_events_are_locked_by_their_ids(services: Services) -> None:
    ids = [old_event(services, 31 + number) for number in range(3)]
    seen: list[tuple[str, Any]] = []
    listen(
        services.database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, parameters, context, many: seen.append((statement, parameters)),
    )
    with services.database.begin() as tx:
        lock_finished(tx, ids)
        selects = [item for item in seen if item[0].startswith("SELECT")]
        for statement, parameters in selects:
            plan = str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all())
            assert "id=?" in plan, plan
            assert "SCAN" not in plan
    assert len(selects) == 2
