"""Replaying many by filter: previewed, spread by a rate, oldest first, each once, audited at both ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from app.core.errors import RequestError
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.operators import replay as replay_module
from app.pipeline.operators.replay import check_size, preview_replay, replay_events
from app.pipeline.operators.replay_order import STATES, read_filter
from app.pipeline.services import Services
from app.storage.queue.dispatches import queue
from tests.builders import NOW, FrozenClock
from tests.operators.stage import (
    ORDER,
    Crm,
    accept,
    audited,
    away,
    dead_event,
    detail_of,
    empty_body,
    many_dead,
    run_due,
)

MakeServices = Callable[..., Services]


def due_times(services: Services) -> list[float]:
    """Return the seconds from now after which dispatches are due, in the order of their events."""
    with services.database.read() as tx:
        rows = tx.execute(queue.select().order_by(queue.c.event_id)).all()
    return [(row.due_at - services.clock.now()).total_seconds() for row in rows]


def some_dead(services: Services, count: int) -> list[str]:
    ids = [accept(services, f"evt_{number:03}") for number in range(count)]
    while run_due(services):
        pass
    return ids


def test_dead_letters_are_meant_unless_a_state_is_given(services_with: MakeServices) -> None:
    crm = away()
    services = services_with(router=crm.router())
    dead = dead_event(services, "evt_dead")
    crm.error = None
    accept(services, "evt_fine")
    run_due(services)
    assert preview_replay(services, read_filter({})) == {"count": 1, "sample": [dead]}
    assert replay_events(services, read_filter({}), ORDER, limit=None).events == 1
    run_due(services)
    assert crm.seen == ["evt_fine", "evt_dead"]


def test_a_preview_changes_nothing(services_with: MakeServices) -> None:
    services = services_with(router=away().router())
    ids = some_dead(services, 12)
    found = preview_replay(services, read_filter({"type": "user_*"}))
    assert found["count"] == 12
    assert len(found["sample"]) == 10
    assert set(found["sample"]) <= set(ids)
    assert claim_work(services, limit=10) == []
    assert audited(services) == []


def test_the_rate_spreads_the_due_times(services_with: MakeServices, clock: FrozenClock) -> None:
    services = services_with(router=away().router())
    some_dead(services, 10)
    done = replay_events(services, read_filter({}), replace(ORDER, rate=2.0), limit=None)
    assert sorted(due_times(services)) == [number / 2 for number in range(10)]
    assert done.last_due_at == NOW + timedelta(seconds=4.5)
    assert len(claim_work(services, limit=100)) == 1
    clock.advance(seconds=1)
    assert len(claim_work(services, limit=100)) == 2


def test_a_thousand_events_keep_the_rate(services_with: MakeServices, clock: FrozenClock) -> None:
    services = services_with(router=away().router())
    many_dead(services, 1000)
    done = replay_events(services, read_filter({}), replace(ORDER, rate=100.0), limit=None)
    assert (done.events, done.dispatches) == (1000, 1000)
    each_second = []
    for _ in range(10):
        each_second.append(len(claim_work(services, limit=5000)))
        clock.advance(seconds=1)
    assert sum(each_second) + len(claim_work(services, limit=5000)) == 1000
    assert all(95 <= count <= 105 for count in each_second[1:])


def test_every_page_is_replayed_once(services_with: MakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_module, "BATCH", 3)
    crm = away()
    services = services_with(router=crm.router())
    some_dead(services, 8)
    crm.error = None
    assert replay_events(services, read_filter({}), ORDER, limit=None).events == 8
    while run_due(services):
        pass
    assert sorted(crm.seen) == [f"evt_{number:03}" for number in range(8)]


def test_a_limit_takes_the_oldest(services_with: MakeServices, clock: FrozenClock) -> None:
    crm = away()
    services = services_with(router=crm.router())
    oldest = dead_event(services, "evt_1")
    clock.advance(seconds=1)
    newest = dead_event(services, "evt_2")
    replay_events(services, read_filter({}), ORDER, limit=1)
    states = {detail_of(services, event_id)["state"] for event_id in (oldest, newest)}
    assert states == {"received", "dead"}
    assert preview_replay(services, read_filter({}))["count"] == 1


def test_finished_events_are_replayed_when_asked_for(services_with: MakeServices) -> None:
    crm = Crm()
    services = services_with(router=crm.router())
    accept(services)
    run_due(services)
    assert replay_events(services, read_filter({"state": "succeeded"}), ORDER, limit=None).events == 1
    run_due(services)
    assert crm.seen == ["evt_1", "evt_1"]


def test_what_succeeded_is_not_repeated_with_the_dead_letters(services_with: MakeServices) -> None:
    crm, erp = away(), Crm()
    router = crm.router()
    router.on("callback", name="erp")(erp.handle)
    services = services_with(router=router)
    dead_event(services)
    crm.error = None
    replay_events(services, read_filter({}), replace(ORDER, states=STATES["dead"]), limit=None)
    run_due(services)
    assert (len(crm.seen), len(erp.seen)) == (1, 1)


def test_emptied_events_are_counted_and_left(services_with: MakeServices) -> None:
    services = services_with(router=away().router())
    ids = some_dead(services, 3)
    empty_body(services, ids[0])
    done = replay_events(services, read_filter({}), ORDER, limit=None)
    assert (done.events, done.pruned) == (2, 1)
    assert detail_of(services, ids[0])["state"] == "dead"


def test_many_are_audited_at_the_beginning_and_at_the_end(services_with: MakeServices) -> None:
    services = services_with(router=away().router())
    some_dead(services, 2)
    wanted = read_filter({"channel": "callback", "since": "2026-11-01T00:00:00Z"})
    replay_events(services, wanted, replace(ORDER, rate=5.0), limit=None)
    began, ended = audited(services)
    assert (began.outcome, ended.outcome) == ("started", "done")
    detail = orjson.loads(began.detail)
    assert detail["reason"] == "the crm was away"
    assert detail["filter"] == {"channel": "callback", "state": "dead", "since": "2026-11-01T00:00:00.000Z"}
    assert orjson.loads(ended.detail)["events"] == 2


def test_a_request_that_means_too_many_is_refused(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_module, "MOST_AT_ONCE", 2)
    services = services_with(router=away().router())
    some_dead(services, 3)
    with pytest.raises(RequestError, match="3 events match"):
        check_size(services, read_filter({}))


def test_two_operators_at_once_do_not_double(services_with: MakeServices) -> None:
    crm = away()
    services = services_with(router=crm.router())
    some_dead(services, 3)
    crm.error = None
    replay_events(services, read_filter({}), ORDER, limit=None)
    assert replay_events(services, read_filter({}), ORDER, limit=None).events == 0
    while run_due(services):
        pass
    assert len(crm.seen) == 3
