"""What is measured for back-pressure, and when a limit counts as passed: only what is due, with room before it is over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from app.core.errors import StoreUnavailable
from app.core.values import Reply
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import OverLimit, Services
from app.pipeline.upkeep.pressure import FORGET_AFTER_LOOKS, PressureGauge
from app.serving.pressure_watch import PressureWatch
from app.storage.database.db import Database
from app.storage.queue.backlog import measure_backlog
from tests.builders import NOW, FrozenClock, envelope, run_stored_claim, signed_callback

MakeServices = Callable[..., Services]


def fails(_event: Any, _context: Any) -> None:
    raise RuntimeError("not today")


def gateway(services_with: MakeServices, **settings: str) -> Services:
    """Return services with a handler that fails, so that what ran waits for a later time."""
    router = Router()
    router.on("callback", retry_delays=[3600])(fails)
    return services_with(router=router, env={"LEAST_FREE_DISK_MB": "0"} | settings)


def send(services: Services, count: int, prefix: str = "evt") -> None:
    for number in range(count):
        reply = receive(services, "callback", signed_callback(envelope(f"{prefix}_{number}")), trace_id="t")
        assert isinstance(reply, Reply)


def finish(services: Services, count: int) -> None:
    """Run so many of what is due."""
    for claim in claim_work(services, limit=count):
        run_stored_claim(services, claim)


def limits(services: Services) -> dict[str, int]:
    """Return what is passed and what was measured."""
    return {each.limit: each.measured for each in services.runtime.pressure.over}


def test_only_what_is_due_and_not_begun_counts_as_waiting(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = gateway(services_with)
    send(services, 7)
    finish(services, 2)
    running = claim_work(services, limit=2)
    clock.advance(seconds=20)
    with services.database.read() as tx:
        backlog = measure_backlog(tx, clock.now(), count_to=100)
        bounded = measure_backlog(tx, clock.now(), count_to=2)
        nothing = measure_backlog(tx, NOW.replace(year=2020), count_to=100)
    assert (len(running), backlog.due, backlog.oldest_due_at) == (2, 3, NOW)
    assert bounded.due == 2
    assert nothing == (0, None)


def test_a_run_whose_lease_has_ended_counts_as_waiting(
    services_with: MakeServices, clock: FrozenClock
) -> None:
    services = gateway(services_with)
    send(services, 1)
    assert claim_work(services, limit=1)
    clock.advance(seconds=services.lease_seconds + 1)
    with services.database.read() as tx:
        assert measure_backlog(tx, clock.now(), count_to=10).due == 1


def test_more_than_max_waiting_passes_the_limit_and_a_tenth_less_ends_it(services_with: MakeServices) -> None:
    services = gateway(services_with, MAX_WAITING="10")
    gauge = PressureGauge(services)
    send(services, 10)
    gauge.look()
    assert limits(services) == {}
    send(services, 1, "more")
    gauge.look()
    assert limits(services) == {"MAX_WAITING": 11}
    finish(services, 1)
    gauge.look()
    assert limits(services) == {"MAX_WAITING": 10}, "it came and went with one event"
    finish(services, 1)
    gauge.look()
    assert limits(services) == {}


def test_the_oldest_one_passes_the_limit_of_seconds(services_with: MakeServices, clock: FrozenClock) -> None:
    services = gateway(services_with, MAX_WAITING_SECONDS="100")
    gauge = PressureGauge(services)
    send(services, 2)
    clock.advance(seconds=100)
    gauge.look()
    assert limits(services) == {}
    clock.advance(seconds=1)
    gauge.look()
    assert limits(services) == {"MAX_WAITING_SECONDS": 101}
    finish(services, 2)
    gauge.look()
    assert limits(services) == {}


class Disk:
    """A disk with as much room as a test says."""

    def __init__(self, free: int):
        self.free: int | None = free

    def __call__(self, folder: Path) -> int:
        if self.free is None:
            raise OSError("the disk is gone")
        return self.free


def test_a_disk_with_too_little_room_passes_the_limit_until_there_is_a_tenth_more(
    services_with: MakeServices, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'own.db'}")
    services = gateway(services_with, LEAST_FREE_DISK_MB="90")
    object.__setattr__(services, "database", database)
    disk = Disk(90)
    gauge = PressureGauge(services, free_disk=disk)
    found = []
    for free in (90, 89, 90, 99, 100, 90):
        disk.free = free
        gauge.look()
        found.append(limits(services).get("LEAST_FREE_DISK_MB"))
    database.close()
    assert found == [None, 89, 90, 99, None, None]


@pytest.mark.backends("sqlite")
def test_the_room_of_the_real_disk_is_measured(services_with: MakeServices) -> None:
    services = gateway(services_with, LEAST_FREE_DISK_MB=str(10**9))
    PressureGauge(services).look()
    assert 0 <= limits(services)["LEAST_FREE_DISK_MB"] < 10**9


@pytest.mark.backends("postgresql", "mariadb")
def test_the_disk_of_a_database_server_is_its_own_affair(services_with: MakeServices) -> None:
    services = gateway(services_with, LEAST_FREE_DISK_MB="1000000")
    assert PressureGauge(services, free_disk=Disk(0)).limits == ()


@pytest.mark.backends("sqlite")
def test_a_store_that_is_away_is_no_pressure(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = gateway(services_with, MAX_WAITING="1", MAX_WAITING_SECONDS="1")
    send(services, 5)

    def away(_: Database) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(Database, "read", away)
    PressureGauge(services).look()
    assert limits(services) == {}


@pytest.mark.backends("sqlite")
def test_a_passed_limit_that_nobody_can_measure_is_forgotten_after_a_while(
    services_with: MakeServices,
) -> None:
    services = gateway(services_with, LEAST_FREE_DISK_MB="100")
    disk = Disk(1)
    gauge = PressureGauge(services, free_disk=disk)
    gauge.look()
    disk.free = None
    for _ in range(FORGET_AFTER_LOOKS):
        gauge.look()
    assert limits(services) == {"LEAST_FREE_DISK_MB": 1}
    gauge.look()
    assert limits(services) == {}


@pytest.mark.backends("sqlite")
def test_the_log_says_once_that_it_begins_and_once_that_it_ends(services_with: MakeServices) -> None:
    services = gateway(services_with, MAX_WAITING="3")
    gauge = PressureGauge(services)
    with capture_logs() as lines:
        send(services, 5)
        for _ in range(3):
            gauge.look()
        assert receive(services, "callback", signed_callback(envelope("late")), trace_id="t").status == 503
        finish(services, 3)
        for _ in range(3):
            gauge.look()
    told = [line for line in lines if line["event"].startswith("pressure_")]
    assert told == [
        {
            "event": "pressure_begins",
            "limit": "MAX_WAITING",
            "allowed": 3,
            "measured": 4,
            "log_level": "warning",
        },
        {
            "event": "pressure_ends",
            "limit": "MAX_WAITING",
            "allowed": 3,
            "measured": 2,
            "refused": 1,
            "log_level": "warning",
        },
    ]
    assert not [line for line in lines if line["event"] == "callback_rejected"]


@pytest.mark.backends("sqlite")
def test_without_a_limit_nothing_is_asked_of_the_store(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = gateway(services_with)
    monkeypatch.setattr(Database, "read", lambda self: pytest.fail("the store was asked"))
    gauge = PressureGauge(services)
    gauge.look()
    assert gauge.limits == ()


@pytest.mark.backends("sqlite")
def test_the_backlog_is_read_from_an_index_alone(database: Database) -> None:
    asked: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", remember)
    with database.read() as tx:
        measure_backlog(tx, NOW, count_to=5)
        event.remove(database.engine, "before_cursor_execute", remember)
        questions = [each for each in asked if "queue" in each[0]]
        plans = [tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in questions]
    steps = [row[-1] for plan in plans for row in plan if " queue" in row[-1]]
    assert len(questions) == len(steps) == 2
    assert all("SEARCH queue USING COVERING INDEX" in step for step in steps), steps


class FaultyGauge:
    """Fails at first and measures then; `seen` is what became of it."""

    limits = (OverLimit("MAX_WAITING", 1, 2),)

    def __init__(self, ended: Any):
        self.seen: list[str] = []
        self._ended = ended

    def look(self) -> None:
        if not self.seen:
            raise ValueError("cannot measure")
        self.seen.append("looked")
        self._ended.set()

    def forget(self) -> None:
        self.seen.append("forgotten")


def test_a_fault_in_measuring_refuses_nobody_and_is_tried_again() -> None:
    ended = Event()
    gauge = FaultyGauge(ended)
    watch = PressureWatch(gauge, pause=0.001)  # type: ignore[arg-type]
    with capture_logs():
        watch.start()
        assert ended.wait(10)
        watch.stop()
    assert gauge.seen[:2] == ["forgotten", "looked"]
