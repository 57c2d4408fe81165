"""An answer that goes on, on the loop and in a thread: its heartbeat asks again who may listen, and the end leaves no listener behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.pipeline.operators.live import TOPICS, Change, Live
from app.pipeline.services import Services
from app.web import live_answers
from app.web.live_answers import BEGINNING, HEARTBEAT, RESET, LiveAnswer, live_of
from tests.loops import run_loop
from tests.web.loop_stage import Server

pytestmark = pytest.mark.backends("sqlite")


class Watched(Live):
    """A watcher that tells what a test has it tell."""

    def tell(self, change: Change) -> None:
        self._tell([change])

    @property
    def listening(self) -> int:
        return len(self._listeners)


@pytest.fixture
def live(services: Services, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(live_answers, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(live_answers, "HEARTBEAT_SECONDS", 0.05)
    return Watched(services, look_seconds=60)


async def run_here(work: Callable[[], Any]) -> Any:
    return work()


def answer(live: Live, may_listen: Callable[[], bool], position: int | None = None) -> LiveAnswer:
    return LiveAnswer(live, frozenset(TOPICS), position, may_listen)


def test_a_listener_that_may_no_more_is_sent_nothing_more(live: Watched) -> None:
    asked: list[int] = []

    def twice() -> bool:
        asked.append(1)
        return len(asked) < 3

    server = Server()
    run_loop(answer(live, twice).go_on(server, run_here, lambda: False))
    assert server.sent == [BEGINNING, HEARTBEAT, HEARTBEAT]
    assert live.listening == 0


def test_a_caller_that_is_gone_leaves_no_listener(live: Watched) -> None:
    server = Server(most_sent=1)
    run_loop(answer(live, lambda: True).go_on(server, run_here, lambda: False))
    assert live.listening == 0


def test_who_does_not_read_fast_enough_is_told_to_begin_anew(
    live: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_answers, "MOST_WAITING", 2)
    server = Server()

    async def story() -> None:
        leaving = asyncio.Event()
        going = asyncio.create_task(answer(live, lambda: True).go_on(server, run_here, leaving.is_set))
        while not server.sent:
            await asyncio.sleep(0)
        for position in range(5):
            live.tell(Change("events", position, ({"id": "x"},)))
        while RESET not in server.sent:
            await asyncio.sleep(0.01)
        leaving.set()
        await going

    run_loop(story())
    assert live.listening == 0


def test_a_thread_walks_over_the_same_pieces(live: Watched) -> None:
    pieces = iter(answer(live, lambda: live.listening > 0))
    assert next(pieces) == BEGINNING
    live.tell(Change("events", 7, ({"id": "x"},), more=True))
    assert next(pieces) == b'id: 7\nevent: events\ndata: {"items":[{"id":"x"}],"more":true}\n\n'
    assert next(pieces) == HEARTBEAT
    pieces.close()  # type: ignore[attr-defined]
    assert live.listening == 0


def test_who_may_listen_no_more_hears_nothing_however_much_happens(live: Watched) -> None:
    busy = Change("events", 7, ({"id": "x"},))
    pieces = iter(answer(live, lambda: False))
    assert next(pieces) == BEGINNING
    ends = time.monotonic() + 5
    live.tell(busy)
    for _ in pieces:
        assert time.monotonic() < ends
        live.tell(busy)
        time.sleep(0.001)
    server = Server()

    async def talk(going: asyncio.Task[None]) -> None:
        while not going.done() and time.monotonic() < ends:
            live.tell(busy)
            await asyncio.sleep(0)
        assert going.done()

    async def story() -> None:
        await talk(asyncio.create_task(answer(live, lambda: False).go_on(server, run_here, lambda: False)))

    run_loop(story())
    assert live.listening == 0


def test_a_thread_that_does_not_read_fast_enough_is_told_to_begin_anew(
    live: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_answers, "MOST_WAITING", 2)
    pieces = iter(answer(live, lambda: True))
    assert next(pieces) == BEGINNING
    for position in range(5):
        live.tell(Change("events", position, ({"id": "x"},)))
    assert (next(pieces), next(pieces)) == (RESET, HEARTBEAT)
    pieces.close()  # type: ignore[attr-defined]


def test_all_views_share_one_watcher(services: Services) -> None:
    assert live_of(services) is live_of(services)
