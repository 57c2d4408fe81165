"""Dispatching: claimed with a lease, retried on the schedule, fenced, dead-lettered, never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import PermanentError, StoreUnavailable
from app.pipeline.dispatch.attempts import claim_loaded_work, claim_work, keep_leases, load_events
from app.pipeline.dispatch.retry import STEPS_SECONDS, next_delay
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.inbox.nonces import use_nonce
from tests.builders import NOW, FrozenClock, envelope, exchange, run_stored_claim, signed_callback

MakeServices = Callable[..., Services]


def background(handler: Callable[..., Any], **options: Any) -> Router:
    router = Router()
    router.on("callback", name="handler", **options)(handler)
    return router


def accept(services: Services, key: str = "evt_1") -> str:
    receive(services, "callback", signed_callback(envelope(key)), trace_id="")
    return list_events_page(services, {"q": key}, cursor=None, limit=1)["items"][0]["id"]


def run_due(services: Services) -> int:
    claims = claim_work(services, limit=10)
    for claim in claims:
        run_stored_claim(services, claim)
    return len(claims)


def detail_of(services: Services, event_id: str) -> dict[str, Any]:
    detail = event_detail(services, event_id)
    assert detail is not None
    return detail


def test_a_background_handler_runs_and_the_event_succeeds(services_with: MakeServices) -> None:
    seen: list[Any] = []
    services = services_with(router=background(lambda event, context: seen.append(event)))
    event_id = accept(services)
    assert run_due(services) == 1
    assert run_due(services) == 0
    assert seen[0].id == event_id
    assert seen[0].data["data"] == {"user_id": "user_1"}
    assert seen[0].raw == signed_callback().body
    assert detail_of(services, event_id)["state"] == "succeeded"


def test_two_workers_never_get_the_same_dispatch(services_with: MakeServices) -> None:
    services = services_with(router=background(lambda event, context: None))
    for number in range(6):
        accept(services, f"evt_{number}")
    first, second = claim_work(services, limit=3), claim_work(services, limit=10)
    assert len(first) == len(second) == 3
    assert {claim.dispatch_id for claim in first}.isdisjoint(claim.dispatch_id for claim in second)


def test_a_failed_attempt_waits_for_its_time_and_runs_again(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    runs: list[int] = []

    def fails_once(event: Any, context: Any) -> None:
        runs.append(context.attempt)
        if len(runs) == 1:
            raise RuntimeError

    services = services_with(router=background(fails_once))
    event_id = accept(services)
    run_due(services)
    assert detail_of(services, event_id)["state"] == "retrying"
    assert run_due(services) == 0
    clock.advance(seconds=STEPS_SECONDS[0] + 1)
    assert run_due(services) == 1
    assert runs == [1, 2]
    assert detail_of(services, event_id)["state"] == "succeeded"


def test_an_event_whose_tries_run_out_is_a_dead_letter(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    def fails(event: Any, context: Any) -> None:
        raise RuntimeError("still away")

    services = services_with(router=background(fails))
    event_id = accept(services)
    for _ in range(12):
        assert run_due(services) == 1
        clock.advance(hours=9)
    assert run_due(services) == 0
    detail = detail_of(services, event_id)
    assert detail["state"] == "dead"
    assert [attempt["number"] for attempt in detail["dispatches"][0]["attempts"]] == list(range(1, 13))
    assert detail["dispatches"][0]["next_attempt_at"] is None


def test_a_permanent_error_is_not_tried_again(services_with: MakeServices, clock: FrozenClock) -> None:
    def refuses(event: Any, context: Any) -> None:
        raise PermanentError("no")

    services = services_with(router=background(refuses))
    event_id = accept(services)
    run_due(services)
    clock.advance(days=2)
    assert run_due(services) == 0
    assert detail_of(services, event_id)["state"] == "dead"


def test_work_of_a_dead_process_is_found_when_its_lease_ends(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=background(lambda event, context: None))
    event_id = accept(services)
    assert len(claim_work(services, limit=10)) == 1
    clock.advance(seconds=services.lease_seconds - 1)
    assert run_due(services) == 0
    clock.advance(seconds=2)
    assert services.lease_seconds <= 60
    assert run_due(services) == 1
    detail = detail_of(services, event_id)
    assert [attempt["outcome"] for attempt in detail["dispatches"][0]["attempts"]] == ["lost", "succeeded"]


def test_a_live_process_keeps_its_leases(services_with: MakeServices, clock: FrozenClock) -> None:
    services = services_with(router=background(lambda event, context: None))
    accept(services)
    (claim,) = claim_work(services, limit=10)
    services.runtime.running[claim.dispatch_id] = claim
    for _ in range(5):
        clock.advance(seconds=30)
        keep_leases(services)
        assert claim_work(services, limit=10) == []


def test_a_late_worker_cannot_write_its_result(services_with: MakeServices, clock: FrozenClock) -> None:
    def writes(event: Any, context: Any) -> None:
        use_nonce(context.tx, "effect", f"attempt {context.attempt}", NOW)

    services = services_with(router=background(writes, transactional=True))
    event_id = accept(services)
    (late,) = claim_work(services, limit=10)
    clock.advance(minutes=2)
    assert run_due(services) == 1
    run_stored_claim(services, late)
    with services.database.begin() as tx:
        assert use_nonce(tx, "effect", "attempt 1", NOW)
        assert not use_nonce(tx, "effect", "attempt 2", NOW)
    outcomes = [item["outcome"] for item in detail_of(services, event_id)["dispatches"][0]["attempts"]]
    assert outcomes == ["lost", "succeeded"]


def test_a_transactional_handler_that_fails_writes_nothing(services_with: MakeServices) -> None:
    def writes_then_fails(event: Any, context: Any) -> None:
        use_nonce(context.tx, "effect", "x", NOW)
        raise RuntimeError

    services = services_with(router=background(writes_then_fails, transactional=True))
    accept(services)
    run_due(services)
    with services.database.begin() as tx:
        assert use_nonce(tx, "effect", "x", NOW)


@pytest.mark.backends("postgresql", "mariadb")
def test_a_transactional_handler_that_loses_a_deadlock_runs_again_at_once(
    services_with: MakeServices,
) -> None:
    holds, wants, runs = threading.Event(), threading.Event(), []

    def other() -> None:
        """Hold more than the handler does, so that the handler is the one who has to give way."""
        with services.database.begin() as tx:
            for number in range(20):
                use_nonce(tx, "other", str(number), NOW)
            use_nonce(tx, "effect", "b", NOW)
            holds.set()
            wants.wait(10)
            time.sleep(0.3)
            use_nonce(tx, "effect", "a", NOW)

    def handler(event: Any, context: Any) -> None:
        runs.append(context.attempt)
        holds.wait(10)
        use_nonce(context.tx, "effect", "a", NOW)
        wants.set()
        use_nonce(context.tx, "effect", "b", NOW)

    services = services_with(router=background(handler, transactional=True))
    event_id = accept(services)
    thread = threading.Thread(target=other)
    thread.start()
    run_due(services)
    thread.join(10)
    attempts = detail_of(services, event_id)["dispatches"][0]["attempts"]
    assert [item["outcome"] for item in attempts] == ["succeeded"]
    # Back before the other one wakes, it may lose once more.
    assert len(runs) >= 2 and set(runs) == {1}  # noqa: PT018


def die_with_what_is_claimed(services: Services, clock: FrozenClock) -> list[str]:
    """Claim what is due and end as a process that is killed; return the keys of what it had claimed."""
    claims = claim_work(services, limit=10)
    events = load_events(services, claims)
    services.runtime.running.clear()
    clock.advance(minutes=2)
    return sorted(events[claim.event_id].key for claim in claims)


def test_a_dispatch_that_kills_every_process_ends_as_a_dead_letter(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=background(lambda event, context: None))
    event_id = accept(services)
    for _ in range(12):
        assert len(die_with_what_is_claimed(services, clock)) == 1
    assert run_due(services) == 1
    assert detail_of(services, event_id)["state"] == "dead"


def test_what_was_lost_twice_is_claimed_one_at_a_time(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=background(lambda event, context: None))
    for number in range(3):
        accept(services, f"evt_{number}")
    everything = ["evt_0", "evt_1", "evt_2"]
    assert die_with_what_is_claimed(services, clock) == everything
    assert die_with_what_is_claimed(services, clock) == everything
    (suspect,) = claim_work(services, limit=10)
    assert claim_work(services, limit=10) == []
    run_stored_claim(services, suspect)
    (following,) = claim_work(services, limit=10)
    assert following.dispatch_id != suspect.dispatch_id


def test_whoever_runs_a_suspect_asks_for_the_next_one_when_it_ends(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    woken: list[int] = []
    services = services_with(router=background(lambda event, context: None))
    for number in range(2):
        accept(services, f"evt_{number}")
    for _ in range(2):
        die_with_what_is_claimed(services, clock)
    services.runtime.wake = lambda: woken.append(len(services.runtime.running))
    (suspect,) = claim_work(services, limit=10)
    run_stored_claim(services, suspect)
    assert woken == [0]


def test_suspects_do_not_take_the_places_of_what_is_new(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=background(lambda event, context: None))
    for number in range(6):
        accept(services, f"evt_{number}")
    for _ in range(2):
        assert len(die_with_what_is_claimed(services, clock)) == 6
    for number in range(3):
        accept(services, f"evt_new_{number}")
    claims = claim_work(services, limit=4)
    events = load_events(services, claims)
    assert [claim.is_suspect for claim in claims] == [True, False, False, False]
    assert sorted(events[claim.event_id].key for claim in claims[1:]) == [
        "evt_new_0",
        "evt_new_1",
        "evt_new_2",
    ]


def test_another_process_runs_a_suspect_of_its_own(services_with: MakeServices, clock: FrozenClock) -> None:
    services = services_with(router=background(lambda event, context: None))
    for number in range(2):
        accept(services, f"evt_{number}")
    for _ in range(2):
        die_with_what_is_claimed(services, clock)
    other = services_with(router=background(lambda event, context: None))
    (mine,), (theirs,) = claim_work(services, limit=10), claim_work(other, limit=10)
    assert mine.dispatch_id != theirs.dispatch_id


def test_a_neighbour_of_a_poisoned_event_is_lost_with_it_twice_at_most(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    router = Router()
    router.on("callback", name="handler", max_attempts=6)(lambda event, context: None)
    services = services_with(router=router)
    innocent = accept(services, "evt_innocent")
    clock.advance(seconds=1)
    poisoned = accept(services, "evt_poisoned")
    for _ in range(12):
        claims = claim_work(services, limit=10)
        if not any(claim.event_id == poisoned and claim.attempt <= 6 for claim in claims):
            for claim in claims:
                run_stored_claim(services, claim)
        services.runtime.running.clear()
        clock.advance(minutes=2)
    assert outcomes_of(services, innocent) == ["lost", "lost", "succeeded"]
    assert outcomes_of(services, poisoned) == [*["lost"] * 6, "failed"]


def outcomes_of(services: Services, event_id: str) -> list[str]:
    (dispatch,) = detail_of(services, event_id)["dispatches"]
    return [attempt["outcome"] for attempt in dispatch["attempts"]]


def test_one_poisoned_event_does_not_stop_the_rest(services_with: MakeServices) -> None:
    done: list[str] = []

    def handler(event: Any, context: Any) -> None:
        if event.key == "evt_0":
            raise RuntimeError
        done.append(event.key)

    services = services_with(router=background(handler))
    for number in range(5):
        accept(services, f"evt_{number}")
    run_due(services)
    assert sorted(done) == ["evt_1", "evt_2", "evt_3", "evt_4"]


def test_a_handler_that_is_gone_is_retried_not_lost(services_with: MakeServices) -> None:
    services = services_with(router=background(lambda event, context: None))
    event_id = accept(services)
    exchange(services, router=Router())
    run_due(services)
    detail = detail_of(services, event_id)
    assert detail["state"] == "retrying"
    assert "no handler is called handler" in detail["dispatches"][0]["attempts"][0]["error"]


def test_an_event_with_two_routes_succeeds_when_both_do(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    router = background(lambda event, context: None)
    fail = [True]

    def second(event: Any, context: Any) -> None:
        if fail.pop():
            raise RuntimeError

    router.on("callback", name="second")(second)
    services = services_with(router=router)
    event_id = accept(services)
    run_due(services)
    assert detail_of(services, event_id)["state"] == "retrying"
    fail.append(False)
    clock.advance(minutes=1)
    run_due(services)
    assert detail_of(services, event_id)["state"] == "succeeded"


@pytest.mark.parametrize("attempt", [1, 5, 11, 40])
def test_the_wait_has_full_jitter_within_its_step(attempt: int) -> None:
    longest = STEPS_SECONDS[min(attempt, 11) - 1]
    waits = {next_delay(attempt) for _ in range(200)}
    assert max(waits) <= timedelta(seconds=longest)
    assert min(waits) >= timedelta(seconds=1)
    assert len(waits) > 100


def test_twelve_tries_take_about_a_day() -> None:
    assert len(STEPS_SECONDS) == 11
    assert 20 * 3600 < sum(STEPS_SECONDS) <= 24 * 3600


def test_a_wait_the_receiver_asked_for_is_honoured() -> None:
    assert next_delay(1, retry_after=120) >= timedelta(seconds=120)


def test_claims_whose_events_cannot_be_loaded_are_let_go(
    services_with: MakeServices, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_with(router=background(lambda event, context: None))
    accept(services)

    def away() -> Any:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(services.database, "read", away)
        with pytest.raises(StoreUnavailable):
            claim_loaded_work(services, limit=10)
    assert services.runtime.running == {}
    clock.advance(seconds=services.lease_seconds + 1)
    keep_leases(services)
    assert [event.key for _, event in claim_loaded_work(services, limit=10) if event] == ["evt_1"]
