"""Machines whose clocks are minutes apart: nothing runs twice at the same time, nothing waits for a wrong clock."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.clock import SystemClock
from app.core.errors import StoreUnavailable
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.database.db import Database, database_time
from app.storage.database.shared_clock import SharedClock
from app.worker import leases
from app.worker.engine import EmbeddedEngine
from tests.builders import envelope, exchange, make_services, signed_callback
from tests.worker.stage import wait_for

pytestmark = pytest.mark.backends("postgresql", "mariadb")

APART = timedelta(minutes=2)
LEASE_SECONDS = 3


class WrongClock:
    """A machine's clock that is off, and may be moved."""

    def __init__(self, off: timedelta):
        self.off = off

    def now(self) -> datetime:
        """Return the wrong time."""
        return SystemClock().now() + self.off


class Runs:
    """Counts runs, and those that overlapped another of the same event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Counter[str] = Counter()
        self.started: Counter[str] = Counter()
        self.overlaps: list[str] = []

    def handle(self, event: Any, context: Any) -> None:
        with self._lock:
            self.started[event.key] += 1
            self._now[event.key] += 1
            if self._now[event.key] > 1:
                self.overlaps.append(event.key)
        time.sleep(event.data["data"]["seconds"])
        with self._lock:
            self._now[event.key] -= 1


class Machine:
    """Services with connections and a clock of their own, and an engine where a test starts one."""

    def __init__(self, url: str, off: timedelta, runs: Runs):
        router = Router()
        router.on("callback", "job", name="job")(runs.handle)
        router.on("callback", "ask", inline=True, name="ask")(runs.handle)
        self.clock = WrongClock(off)
        self.database = Database(url)
        shared = SharedClock(self.database, local=self.clock)
        self.services = make_services(self.database, router=router, clock=shared)
        exchange(self.services, lease_seconds=LEASE_SECONDS)
        self._engine: EmbeddedEngine | None = None

    def start(self) -> None:
        self._engine = EmbeddedEngine(self.services, threads=4)
        self._engine.start()

    def accept(self, key: str, kind: str = "job", seconds: float = 0.0) -> None:
        request = signed_callback(envelope(key, kind, data={"seconds": seconds}))
        receive(self.services, "callback", request, trace_id="")

    def close(self) -> None:
        if self._engine is not None:
            self._engine.stop()
        self.services.inline_pool.shutdown()
        self.database.close()


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def machines(
    database_url: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Machine, Machine]]:
    """Return two machines, one two minutes ahead of the other."""
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.5)
    pair = (Machine(database_url, APART / 2, runs), Machine(database_url, -APART / 2, runs))
    yield pair
    for machine in pair:
        machine.close()


def are_done(services: Services, count: int) -> Callable[[], bool]:
    def look() -> bool:
        items = list_events_page(services, {}, cursor=None, limit=200)["items"]
        return [item["state"] for item in items] == ["succeeded"] * count

    return look


def test_two_machines_run_each_dispatch_once(machines: tuple[Machine, Machine], runs: Runs) -> None:
    for machine in machines:
        machine.start()
    for number in range(60):
        machines[number % 2].accept(f"evt_{number}", seconds=0.05)
    wait_for(are_done(machines[0].services, 60))
    assert set(runs.started.values()) == {1}


@pytest.mark.parametrize("first", [0, 1], ids=["ahead", "behind"])
def test_a_long_run_is_left_alone(machines: tuple[Machine, Machine], runs: Runs, first: int) -> None:
    machines[first].start()
    machines[first].accept("long", seconds=LEASE_SECONDS * 2)
    wait_for(lambda: runs.started["long"] == 1)
    machines[1 - first].start()
    wait_for(are_done(machines[0].services, 1))
    assert runs.started == {"long": 1}


@pytest.mark.parametrize("first", [0, 1], ids=["ahead", "behind"])
def test_an_inline_run_is_left_alone(machines: tuple[Machine, Machine], runs: Runs, first: int) -> None:
    machines[1 - first].start()
    machines[first].accept("asked", "ask", seconds=LEASE_SECONDS * 0.7)
    wait_for(are_done(machines[0].services, 1))
    assert runs.started == {"asked": 1}


@pytest.mark.parametrize("first", [0, 1], ids=["ahead", "behind"])
def test_what_a_machine_accepted_is_due_at_once_on_the_other(
    machines: tuple[Machine, Machine], runs: Runs, first: int
) -> None:
    machines[1 - first].start()
    machines[first].accept("evt_1")
    assert wait_for(are_done(machines[0].services, 1)) < 3


@pytest.mark.parametrize("first", [0, 1], ids=["ahead", "behind"])
def test_what_a_dead_machine_held_is_taken_over_when_its_lease_ends(
    machines: tuple[Machine, Machine], runs: Runs, first: int
) -> None:
    machines[first].accept("held")
    (claim,) = claim_work(machines[first].services, limit=1)
    machines[1 - first].start()
    took = wait_for(are_done(machines[0].services, 1))
    assert LEASE_SECONDS - 0.5 < took < LEASE_SECONDS + 3
    assert claim.attempt == 1


def test_the_shared_clock_shows_the_databases_time(machines: tuple[Machine, Machine]) -> None:
    shown = [machine.services.clock.now() for machine in machines]
    with machines[0].database.read() as tx:
        real = database_time(tx)
    assert all(abs((each - real).total_seconds()) < 1 for each in shown)


def test_a_machines_clock_that_jumps_moves_nothing(machines: tuple[Machine, Machine]) -> None:
    machine = machines[0]
    before = machine.services.clock.now()
    machine.clock.off -= timedelta(hours=1)
    after = machine.services.clock.now()
    assert 0 <= (after - before).total_seconds() < 1


def test_a_database_that_is_away_leaves_the_time_as_it_was_known(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machines[0]

    def away() -> Any:
        raise StoreUnavailable

    known = machine.services.clock.now()
    monkeypatch.setattr(machine.database, "read", away)
    fresh = SharedClock(machine.database, local=machine.clock)
    assert abs((fresh.now() - machine.clock.now()).total_seconds()) < 1
    machine.clock.off += timedelta(hours=1)
    assert abs((machine.services.clock.now() - known).total_seconds()) < 2


def test_a_thread_that_runs_a_loop_never_waits_for_the_databases_clock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's clock jumps; what is known goes on until another thread has asked."""
    local = WrongClock(timedelta(0))
    clock = SharedClock(database, local=local)
    may_answer, asked_by, ask = threading.Event(), set[int](), clock._read

    def slowly() -> Any:
        asked_by.add(threading.get_ident())
        assert may_answer.wait(20)
        return ask()

    assert not clock.is_known
    clock.now()
    clock.never_keep_waiting()
    monkeypatch.setattr(clock, "_read", slowly)
    wait_for(lambda: time.monotonic() >= clock._ask_after)
    local.off = APART
    before = clock.now()
    assert abs(before - SystemClock().now()) < timedelta(seconds=5)
    may_answer.set()
    wait_for(lambda: bool(asked_by) and not clock._asking.locked())
    assert asked_by.isdisjoint({threading.get_ident()})
