"""SIGTERM: what runs finishes, what cannot finish in time is given back, and nothing outlives its parent."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Executable, create_engine, func, select

from app.storage.inbox.events import events
from app.storage.queue.dispatches import attempts, every_dispatch
from app.storage.queue.event_states import shown_state
from tests.live import LiveGateway
from tests.worker.conftest import CeleryStage
from tests.worker.stage import FLASK_WORKER, Worker, gateway_environment, is_alive, keys, send, wait_for

pytestmark = pytest.mark.backends("postgresql")

MOST_SECONDS = 14.0
"""After ten seconds the server kills its processes, which would leave dispatches running; the rest is for a busy machine."""


@pytest.fixture
def gateway(tmp_path: Path, database_url: str) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path, database_url=database_url, env=gateway_environment(tmp_path)) as live:
        yield live


def rows(gateway: LiveGateway, question: Executable) -> list[tuple[object, ...]]:
    engine = create_engine(gateway.database_url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(question)]
    finally:
        engine.dispose()


def dispatches(gateway: LiveGateway) -> list[tuple[object, ...]]:
    found = every_dispatch()
    return rows(gateway, select(found.c.state, found.c.attempt).order_by(found.c.id))


def stop(gateway: LiveGateway) -> float:
    start = time.monotonic()
    gateway.stop()
    return time.monotonic() - start


def test_a_serving_process_finishes_what_runs(gateway: LiveGateway) -> None:
    send(gateway, "evt_1", seconds=3)
    wait_for(lambda: keys(gateway, "start") == ["evt_1"])
    assert stop(gateway) < MOST_SECONDS
    assert keys(gateway) == ["evt_1"]
    assert dispatches(gateway) == [("succeeded", 1)]


def test_a_serving_process_gives_back_what_takes_too_long(gateway: LiveGateway) -> None:
    for number in range(30):
        send(gateway, f"evt_{number}", seconds=50)
    wait_for(lambda: len(keys(gateway, "start")) == 4)
    assert stop(gateway) < MOST_SECONDS
    assert dispatches(gateway) == [("pending", 0)] * 30
    assert rows(gateway, select(func.count()).select_from(attempts)) == [(0,)]
    assert rows(gateway, select(shown_state()).select_from(events).distinct()) == [("received",)]


def test_a_request_in_flight_is_answered_and_its_inline_handler_finishes(gateway: LiveGateway) -> None:
    answers = []
    asking = threading.Thread(target=lambda: answers.append(send(gateway, "evt_1", "ask", seconds=3)))
    asking.start()
    wait_for(lambda: keys(gateway, "start") == ["evt_1"])
    assert stop(gateway) < MOST_SECONDS
    asking.join()
    assert answers[0].status_code == 200
    assert answers[0].json()["data"] == {"asked": "evt_1"}
    assert dispatches(gateway) == [("succeeded", 1)]


def test_an_inline_handler_that_takes_too_long_is_given_back(gateway: LiveGateway) -> None:
    asking = threading.Thread(target=lambda: _send_and_be_cut(gateway))
    asking.start()
    wait_for(lambda: keys(gateway, "start") == ["evt_1"])
    assert stop(gateway) < MOST_SECONDS
    asking.join()
    assert dispatches(gateway) == [("pending", 0)]


def _send_and_be_cut(gateway: LiveGateway) -> None:
    with pytest.raises(OSError, match=r"aborted|reset|closed"):
        send(gateway, "evt_1", "ask", seconds=50)


def test_what_was_given_back_runs_at_once_elsewhere(tmp_path: Path, database_url: str) -> None:
    env = gateway_environment(tmp_path, ENGINE="celery", CELERY_BROKER_URL="amqp://127.0.0.1:1")
    with LiveGateway(tmp_path, database_url=database_url, env=env) as gateway:
        with Worker(gateway, ENGINE="embedded") as first:
            first.wait_until_ready()
            send(gateway, "evt_1", seconds=12)
            wait_for(lambda: keys(gateway, "start") == ["evt_1"])
            assert first.stop() < MOST_SECONDS
        assert dispatches(gateway) == [("pending", 0)]
        with Worker(gateway, ENGINE="embedded") as second:
            second.wait_until_ready()
            wait_for(lambda: keys(gateway, "start") == ["evt_1", "evt_1"], 3)


@pytest.mark.parametrize(("seconds", "ended"), [(3, ("succeeded", 1)), (50, ("pending", 0))])
def test_a_celery_worker_finishes_or_gives_back(
    celery: CeleryStage, seconds: float, ended: tuple[str, int]
) -> None:
    gateway = celery.gateway
    with Worker(gateway, (*FLASK_WORKER, "--threads", "2")).wait_until_ready() as worker:
        send(gateway, "evt_1", seconds=seconds)
        wait_for(lambda: keys(gateway, "start") == ["evt_1"])
        assert worker.stop() < MOST_SECONDS
    assert dispatches(gateway) == [ended]


def test_a_killed_celery_worker_leaves_no_child(celery: CeleryStage) -> None:
    with Worker(celery.gateway) as worker:
        worker.wait_until_ready()
        group = os.getpgid(worker.process.pid)
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait(timeout=5)
        wait_for(lambda: not _members(group), 5)


def _members(group: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        try:
            if os.getpgid(pid) == group and is_alive(pid):
                found.append(pid)
        except ProcessLookupError:
            continue
    return found
