"""The watcher: what it tells, to whom, and that it runs only while somebody listens."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.core.errors import RefusedError, VerificationError
from app.core.states import EventState
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.live import MOST_LISTENERS, TOPICS, Change, Live
from app.pipeline.services import Services
from app.storage.database.db import microseconds
from tests.builders import FrozenClock, envelope, signed_callback
from tests.operators.stage import Crm, accept, away, run_due

QUICK = 0.02
PATIENCE = 20


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def services(services_with: Callable[..., Services], crm: Crm) -> Services:
    return services_with(router=crm.router())


class Heard:
    """What one listener was told; `until` waits for what fits."""

    def __init__(self) -> None:
        self.told: queue.Queue[Change] = queue.Queue()

    def until(self, fits: Callable[[Change], bool]) -> Change:
        while True:
            change = self.told.get(timeout=PATIENCE)
            if fits(change):
                return change


@contextmanager
def listening(live: Live, *topics: str) -> Iterator[Heard]:
    heard = Heard()
    listener = live.listen(frozenset(topics or TOPICS), heard.told.put)
    try:
        yield heard
    finally:
        live.leave(listener)


@contextmanager
def watched(services: Services, *topics: str) -> Iterator[Heard]:
    """Listen, and go on once the watcher has looked for the first time."""
    with listening(Live(services, look_seconds=QUICK), *topics) as heard:
        # The first look takes what is there for told, so something that comes later proves that it is over.
        for number in range(1000):
            with pytest.raises(VerificationError):
                receive(
                    services, "callback", signed_callback(envelope(), secret=f"wrong{number}"), trace_id=""
                )
            try:
                heard.told.get(timeout=0.2)
            except queue.Empty:
                continue
            break
        yield heard


def test_an_event_is_told_with_its_state_and_then_how_it_goes_on(services: Services) -> None:
    with watched(services) as heard:
        event_id = accept(services, "evt_new")
        new = heard.until(lambda change: change.topic == "events")
        assert [each["id"] for each in new.items] == [event_id]
        assert new.items[0]["state"] == "received"
        run_due(services)
        moved = {"event_id": event_id, "state": EventState.SUCCEEDED.value}
        assert heard.until(lambda change: moved in change.items).topic == "dispatches"


def test_what_was_told_once_is_not_told_again(services: Services, clock: FrozenClock) -> None:
    with watched(services, "events", "rejections") as heard:
        first = accept(services, "evt_1")
        heard.until(lambda change: change.topic == "events")
        clock.advance(seconds=1)
        second = accept(services, "evt_2")
        new = heard.until(lambda change: change.topic == "events")
        assert [each["id"] for each in new.items] == [second]
        assert first != second


@pytest.mark.backends("sqlite")
def test_a_listener_hears_its_topics_alone(services: Services) -> None:
    with watched(services, "rejections") as heard:
        accept(services, "evt_1")
        with pytest.raises(VerificationError):
            receive(services, "callback", signed_callback(envelope(), secret="wrong"), trace_id="")
        change = heard.told.get(timeout=PATIENCE)
        assert (change.topic, change.items[0]["error"]) == ("rejections", "bad_signature")


@pytest.mark.backends("sqlite")
def test_the_watcher_runs_while_somebody_listens(services: Services) -> None:
    live = Live(services, look_seconds=QUICK)
    seen = [live.is_watching]
    with listening(live):
        with listening(live):
            seen.append(live.is_watching)
        seen.append(live.is_watching)
    seen.append(live.is_watching)
    assert seen == [False, True, True, False]


@pytest.mark.backends("sqlite")
def test_there_is_room_for_so_many_listeners(services: Services) -> None:
    live = Live(services)
    listeners = [live.listen(frozenset(TOPICS), lambda _: None) for _ in range(MOST_LISTENERS)]
    with pytest.raises(RefusedError) as refused:
        live.listen(frozenset(TOPICS), lambda _: None)
    assert refused.value.http_status == 503
    live.leave(listeners.pop())
    live.leave(live.listen(frozenset(TOPICS), lambda _: None))
    for each in listeners:
        live.leave(each)


def test_who_comes_back_hears_what_was_missed(services: Services, clock: FrozenClock) -> None:
    live, before = Live(services), microseconds(clock.now())
    clock.advance(seconds=30)
    event_id = accept(services, "evt_missed")
    missed = live.missed(frozenset({"events"}), before)
    assert missed is not None
    assert [each["id"] for change in missed for each in change.items] == [event_id]
    clock.advance(minutes=11)
    assert live.missed(frozenset({"events"}), before) is None
    assert live.missed(frozenset({"events"}), 10**17) is None


def test_a_death_is_told(services_with: Callable[..., Services]) -> None:
    services = services_with(router=away().router())
    with watched(services, "dispatches", "rejections") as heard:
        accept(services, "evt_1")
        run_due(services)
        heard.until(lambda change: any(each.get("state") == "dead" for each in change.items))
