"""What one process of an overlap test does: open its own database and deliver events from several threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from threading import Barrier
from typing import Any

from app.core.values import Event
from app.storage.database.db import Database
from tests.binding.fakes import binding_services, deliver

PROCESSES = 4
THREADS = 5
"""In each process; together they stay far below the number of connections that servers allow."""


def deliver_at_once(url: str, events: Sequence[Event], start: Any) -> list[str | None]:
    """Deliver events from several threads, which begin when every process is ready."""
    database = Database(url)
    services = binding_services(database, RATELIMIT_ENABLED="0")
    ready = Barrier(THREADS)

    def work(share: Sequence[Event]) -> list[str | None]:
        ready.wait()
        return [deliver(services, event) for event in share]

    start.wait()
    with ThreadPoolExecutor(THREADS) as threads:
        found = threads.map(work, [events[number::THREADS] for number in range(THREADS)])
        answers = [answer for share in found for answer in share]
    database.close()
    services.inline_pool.shutdown(wait=False)
    return answers


def _report(url: str, events: Sequence[Event], start: Any, answers: Any) -> None:
    try:
        answers.put(deliver_at_once(url, events, start))
    except Exception as error:
        answers.put(repr(error))
        raise


def deliver_in_processes(url: str, events: Sequence[Event]) -> list[str | None]:
    """Deliver events at once, spread over four processes; return every answer."""
    # Imports happen once, in the server that every process is forked from.
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["tests.binding.overlap"])
    start, answers = processes.Barrier(PROCESSES), processes.Queue()
    shares = [events[number::PROCESSES] for number in range(PROCESSES)]
    running = [processes.Process(target=_report, args=(url, share, start, answers)) for share in shares]
    for process in running:
        process.start()
    reports = [answers.get(timeout=50) for _ in running]
    for process in running:
        process.join(timeout=10)
    assert all(isinstance(report, list) for report in reports), reports
    return [answer for report in reports for answer in report]
