"""The embedded engine: it finds work by itself, recovers forgotten rows, and stops in good order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.core.clock import SystemClock
from app.core.errors import StoreUnavailable
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.worker import engine as engine_module
from app.worker.engine import EmbeddedEngine
from tests.builders import FrozenClock, envelope, signed_callback

MakeServices = Callable[..., Services]


def accept(services: Services, key: str) -> None:
    receive(services, "callback", signed_callback(envelope(key)), trace_id="")


def states(services: Services) -> list[str]:
    return [item["state"] for item in list_events_page(services, {}, cursor=None, limit=200)["items"]]


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


@pytest.fixture
def run_engine() -> Iterator[Callable[[Services], EmbeddedEngine]]:
    engines: list[EmbeddedEngine] = []

    def run(services: Services) -> EmbeddedEngine:
        engines.append(EmbeddedEngine(services, threads=3))
        engines[-1].start()
        return engines[-1]

    yield run
    for engine in engines:
        engine.stop()


def router_of(handler: Callable[..., Any]) -> Router:
    router = Router()
    router.on("callback", name="handler")(handler)
    return router


def test_accepted_events_are_handled_by_themselves(
    services_with: MakeServices, run_engine: Callable[[Services], EmbeddedEngine]
) -> None:
    services = services_with(router=router_of(lambda event, context: None), clock=SystemClock())
    run_engine(services)
    for number in range(40):
        accept(services, f"evt_{number}")
    wait_for(lambda: states(services) == ["succeeded"] * 40)


def test_a_row_nobody_was_told_about_is_found(
    services_with: MakeServices, run_engine: Callable[[Services], EmbeddedEngine]
) -> None:
    services = services_with(router=router_of(lambda event, context: None), clock=SystemClock())
    accept(services, "forgotten")
    run_engine(services)
    services.runtime.wake = lambda: None
    wait_for(lambda: states(services) == ["succeeded"])


@pytest.mark.backends("sqlite")
def test_the_engine_goes_on_after_the_store_was_away(
    services_with: MakeServices,
    run_engine: Callable[[Services], EmbeddedEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = services_with(router=router_of(lambda event, context: None), clock=SystemClock())
    monkeypatch.setattr(engine_module, "STORE_DOWN_SECONDS", 0.1)
    away = threading.Event()
    away.set()
    real = services.database.run

    def run(work: Callable[..., Any]) -> Any:
        if away.is_set() and threading.current_thread().name.startswith("engine"):
            raise StoreUnavailable
        return real(work)

    monkeypatch.setattr(services.database, "run", run)
    run_engine(services)
    accept(services, "evt_1")
    time.sleep(0.3)
    assert states(services) != ["succeeded"]
    away.clear()
    wait_for(lambda: states(services) == ["succeeded"], seconds=20)


@pytest.mark.backends("sqlite")
def test_stopping_lets_running_handlers_finish(
    services_with: MakeServices, run_engine: Callable[[Services], EmbeddedEngine]
) -> None:
    started = threading.Event()

    def slow(event: Any, context: Any) -> None:
        started.set()
        time.sleep(0.5)

    services = services_with(router=router_of(slow), clock=SystemClock())
    engine = run_engine(services)
    accept(services, "evt_1")
    assert started.wait(5)
    engine.stop()
    assert states(services) == ["succeeded"]


@pytest.mark.backends("sqlite")
def test_what_waits_behind_long_attempts_is_left_to_other_processes(
    services_with: MakeServices,
    run_engine: Callable[[Services], EmbeddedEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "STUCK_SECONDS", 0.3)
    over, done = threading.Event(), []

    def handler(event: Any, context: Any) -> None:
        if event.key.startswith("slow"):
            over.wait(20)
        else:
            done.append(threading.current_thread().name)

    busy = services_with(router=router_of(handler), clock=SystemClock())
    run_engine(busy)
    for number in range(3):
        accept(busy, f"slow_{number}")
    wait_for(lambda: len(busy.runtime.running) == 3)
    for number in range(8):
        accept(busy, f"quick_{number}")
    assert len(busy.runtime.running) > 3
    free = services_with(router=router_of(handler), clock=SystemClock())
    run_engine(free)
    wait_for(lambda: len(done) == 8)
    assert len(busy.runtime.running) == 3
    over.set()
    wait_for(lambda: set(states(busy)) == {"succeeded"})


@pytest.mark.backends("sqlite")
def test_a_burst_after_a_long_rest_is_not_taken_for_stuck(
    services_with: MakeServices,
    run_engine: Callable[[Services], EmbeddedEngine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "STUCK_SECONDS", 0.3)
    given_back: list[Any] = []
    monkeypatch.setattr(engine_module, "give_back", lambda services, claims: given_back.extend(claims))
    services = services_with(router=router_of(lambda event, context: None), clock=SystemClock())
    run_engine(services)
    time.sleep(0.5)
    for number in range(30):
        accept(services, f"evt_{number}")
    wait_for(lambda: states(services) == ["succeeded"] * 30)
    assert given_back == []


def test_many_suspects_are_done_one_after_the_other_without_a_pause(
    services_with: MakeServices, run_engine: Callable[[Services], EmbeddedEngine]
) -> None:
    clock = FrozenClock(SystemClock().now() - timedelta(minutes=10))
    dying = services_with(router=router_of(lambda event, context: None), clock=clock)
    for number in range(40):
        accept(dying, f"evt_{number}")
    for _ in range(2):
        assert len(claim_work(dying, limit=64)) == 40
        dying.runtime.running.clear()
        clock.advance(minutes=2)
    services = services_with(router=router_of(lambda event, context: None), clock=SystemClock())
    run_engine(services)
    wait_for(lambda: states(services) == ["succeeded"] * 40, seconds=20)
