"""Replaying one event: a fresh set of tries, never taken for a copy, audited; what runs is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from app.core.errors import RefusedError
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.operators.replay import replay_event
from app.pipeline.operators.replay_order import STATES
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.queue.replays import DueAgain, list_dispatches_of, make_due
from tests.builders import NOW, FrozenClock, run_stored_claim
from tests.operators.stage import (
    ORDER,
    Crm,
    accept,
    attempts_of,
    audited,
    away,
    count_events,
    dead_event,
    deliver,
    detail_of,
    empty_body,
    run_due,
)

MakeServices = Callable[..., Services]


def test_a_dead_letter_runs_again_and_succeeds(services_with: MakeServices) -> None:
    crm = away()
    services = services_with(router=crm.router())
    event_id = dead_event(services)
    crm.error = None
    done = replay_event(services, event_id, ORDER)
    assert (done.events, done.dispatches, done.running) == (1, 1, 0)
    assert detail_of(services, event_id)["state"] == "received"
    assert run_due(services) == 1
    assert crm.seen == ["evt_1"]
    assert attempts_of(services, event_id) == [(1, "failed", "automatic"), (2, "succeeded", "manual")]
    assert detail_of(services, event_id)["state"] == "succeeded"


def test_a_replay_is_never_swallowed_as_a_copy(services_with: MakeServices) -> None:
    crm = Crm()
    services = services_with(router=crm.router())
    event_id = accept(services)
    run_due(services)
    for _ in range(3):
        deliver(services)
        replay_event(services, event_id, ORDER)
        assert run_due(services) == 1
    assert crm.seen == ["evt_1"] * 4
    assert count_events(services) == 1


def test_a_redelivery_during_a_replay_neither_blocks_nor_doubles_it(services_with: MakeServices) -> None:
    crm = away()
    services = services_with(router=crm.router())
    event_id = dead_event(services)
    crm.error = None
    replay_event(services, event_id, ORDER)
    assert deliver(services) == 200
    (claim,) = claim_work(services, limit=10)
    assert deliver(services) == 200
    assert claim.trigger == "manual"
    assert claim_work(services, limit=10) == []
    assert count_events(services) == 1


def test_a_redelivery_runs_a_replayed_inline_handler_once(services_with: MakeServices) -> None:
    crm = away()
    services = services_with(router=crm.router(inline=True))
    deliver(services)
    event_id = accept(services)
    crm.error = None
    replay_event(services, event_id, ORDER)
    assert deliver(services) == 200
    assert run_due(services) == 0
    assert crm.seen == ["evt_1"]
    assert attempts_of(services, event_id)[-1] == (2, "succeeded", "manual")


def test_a_replayed_dispatch_has_all_its_tries_again(services_with: MakeServices, clock: FrozenClock) -> None:
    crm = Crm(RuntimeError("busy"))
    services = services_with(router=crm.router(max_attempts=3))
    event_id = accept(services)
    for _ in range(2):
        while run_due(services):
            clock.advance(hours=9)
        assert detail_of(services, event_id)["state"] == "dead"
        replay_event(services, event_id, ORDER)
    assert crm.attempts == [1, 2, 3, 4, 5, 6]
    triggers = [trigger for _, _, trigger in attempts_of(services, event_id)]
    assert triggers == ["automatic"] * 3 + ["manual", "automatic", "automatic"]


def test_a_replay_that_kills_its_process_ends_as_a_dead_letter_again(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = services_with(router=away().router(max_attempts=3))
    event_id = dead_event(services)
    replay_event(services, event_id, ORDER)
    for _ in range(3):
        assert len(claim_work(services, limit=10)) == 1
        services.runtime.running.clear()
        clock.advance(seconds=services.lease_seconds + 1)
    assert run_due(services) == 1
    assert run_due(services) == 0
    assert detail_of(services, event_id)["state"] == "dead"
    assert [item[1:] for item in attempts_of(services, event_id)[1:]] == [
        ("lost", "manual"),
        ("lost", "automatic"),
        ("lost", "automatic"),
        ("failed", "automatic"),
    ]


def test_what_waits_for_a_retry_is_due_at_once(services_with: MakeServices) -> None:
    crm = Crm(RuntimeError("busy"))
    services = services_with(router=crm.router())
    event_id = accept(services)
    run_due(services)
    assert run_due(services) == 0
    replay_event(services, event_id, ORDER)
    assert run_due(services) == 1


def test_what_runs_is_left_alone(services_with: MakeServices) -> None:
    services = services_with(router=Crm().router())
    event_id = accept(services)
    (claim,) = claim_work(services, limit=10)
    done = replay_event(services, event_id, ORDER)
    assert (done.dispatches, done.running) == (0, 1)
    assert claim_work(services, limit=10) == []
    assert claim.attempt == 1


def test_what_a_worker_takes_during_a_replay_is_left_to_it(services_with: MakeServices) -> None:
    crm = Crm(RuntimeError("busy"))
    services = services_with(router=crm.router())
    event_id = accept(services)
    with services.database.read() as tx:
        (found,) = list_dispatches_of(tx, [event_id])
    (claim,) = claim_work(services, limit=10)
    with services.database.begin() as tx:
        make_due(tx, [DueAgain(found.id, found.state, found.attempt, NOW)])
    crm.error = None
    assert run_stored_claim(services, claim).state == "succeeded"
    assert claim_work(services, limit=10) == []
    assert attempts_of(services, event_id) == [(1, "succeeded", "automatic")]


def test_an_ignored_event_goes_to_the_routes_that_match_now(services_with: MakeServices) -> None:
    event_id = accept(services_with(channels=STORES_UNKNOWN))
    crm = Crm()
    services = services_with(router=crm.router(), channels=STORES_UNKNOWN)
    assert detail_of(services, event_id)["state"] == "ignored"
    replay_event(services, event_id, ORDER)
    run_due(services)
    assert crm.seen == ["evt_1"]
    assert attempts_of(services, event_id) == [(1, "succeeded", "manual")]


def test_without_any_route_there_is_nothing_to_replay(services_with: MakeServices) -> None:
    services = services_with(channels=STORES_UNKNOWN)
    event_id = accept(services)
    with pytest.raises(RefusedError) as caught:
        replay_event(services, event_id, ORDER)
    assert (caught.value.code, caught.value.http_status) == ("nothing_to_replay", 409)
    assert audited(services) == []


def test_one_route_is_replayed_without_the_others(services_with: MakeServices) -> None:
    crm, erp = Crm(), Crm()
    router = crm.router()
    router.on("callback", name="erp")(erp.handle)
    services = services_with(router=router)
    event_id = accept(services)
    run_due(services)
    replay_event(services, event_id, replace(ORDER, route="erp"))
    run_due(services)
    assert (len(crm.seen), len(erp.seen)) == (1, 2)


def test_a_route_that_came_later_can_be_given_an_old_event(services_with: MakeServices) -> None:
    crm, erp = Crm(), Crm()
    event_id = accept(services_with(router=crm.router()))
    router = crm.router()
    router.on("callback", name="erp")(erp.handle)
    services = services_with(router=router)
    run_due(services)
    assert replay_event(services, event_id, replace(ORDER, route="erp")).dispatches == 1
    run_due(services)
    assert (len(crm.seen), len(erp.seen)) == (1, 1)


def test_an_event_whose_channel_is_gone_can_still_be_replayed(services_with: MakeServices) -> None:
    event_id = accept(services_with(channels=STORES_UNKNOWN))
    crm = Crm()
    services = services_with(router=crm.router(), channels="")
    replay_event(services, event_id, ORDER)
    run_due(services)
    assert crm.seen == ["evt_1"]


def test_dispatches_made_by_a_replay_keep_their_order(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    ordered = STORES_UNKNOWN + 'order_by = "data.user_id"\n'
    plain = services_with(channels=ordered)
    ids = []
    for number in range(3):
        ids.append(accept(plain, f"evt_{number}"))
        clock.advance(seconds=1)
    crm = Crm()
    services = services_with(router=crm.router(), channels=ordered)
    for event_id in reversed(ids):
        replay_event(services, event_id, ORDER)
    assert [run_due(services) for _ in range(4)] == [1, 1, 1, 0]
    assert crm.seen == ["evt_0", "evt_1", "evt_2"]


def test_a_route_that_does_not_take_the_event_is_refused(services_with: MakeServices) -> None:
    router: Router = Crm().router()
    router.on("callback", "refund", name="refunds")(lambda event, context: None)
    services = services_with(router=router)
    event_id = accept(services)
    with pytest.raises(RefusedError, match="neither took"):
        replay_event(services, event_id, replace(ORDER, route="refunds"))


def test_only_the_dead_dispatches_of_an_event_can_be_meant(services_with: MakeServices) -> None:
    crm, erp = away(), Crm()
    router = crm.router()
    router.on("callback", name="erp")(erp.handle)
    services = services_with(router=router)
    event_id = dead_event(services)
    crm.error = None
    replay_event(services, event_id, replace(ORDER, states=STATES["dead"]))
    run_due(services)
    assert (len(crm.seen), len(erp.seen)) == (1, 1)
    assert detail_of(services, event_id)["state"] == "succeeded"


def test_an_emptied_event_cannot_be_replayed(services_with: MakeServices) -> None:
    services = services_with(router=away().router())
    event_id = dead_event(services)
    empty_body(services, event_id)
    with pytest.raises(RefusedError) as caught:
        replay_event(services, event_id, ORDER)
    assert (caught.value.code, caught.value.http_status) == ("body_pruned", 409)
    assert detail_of(services, event_id)["state"] == "dead"


def test_an_unknown_event_is_404(services: Services) -> None:
    with pytest.raises(RefusedError) as caught:
        replay_event(services, "nope", ORDER)
    assert (caught.value.code, caught.value.http_status) == ("unknown_event", 404)


def test_each_replay_is_audited_with_its_reason(services_with: MakeServices) -> None:
    services = services_with(router=away().router())
    event_id = dead_event(services)
    replay_event(services, event_id, replace(ORDER, trace_id="t1"))
    replay_event(services, event_id, replace(ORDER, reason="call 138 0013 8000, token=abcdefgh12345678"))
    first, second = audited(services)
    assert (first.actor, first.target, first.outcome, first.trace_id) == ("ops", event_id, "done", "t1")
    detail = orjson.loads(first.detail)
    assert (detail["reason"], detail["events"], detail["dispatches"]) == ("the crm was away", 1, 1)
    assert "abcdefgh12345678" not in str(orjson.loads(second.detail))


STORES_UNKNOWN = """
[channels.callback]
platform = "callback"
secret = "callback-3f9d1c7b5a"
unknown_events = "store"
"""
