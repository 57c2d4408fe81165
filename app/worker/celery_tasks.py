"""The Celery worker: the embedded engine, which a hint from the broker wakes.

A hint says "look" and nothing else: it is not acknowledged, and no work hangs on it. The engine also looks around by
itself, so a broker that is away, or a consumer that hangs, costs seconds and nothing else.
"""

from __future__ import annotations

from typing import Any

from celery import Celery, bootsteps
from celery.worker.request import Request

from app.config.environment import own_folder
from app.pipeline.services import Services
from app.worker.celery_app import RUN_DUE, make_celery
from app.worker.engine import EmbeddedEngine
from app.worker.hints import HintPublisher
from app.worker.lifetime import GracefulStop
from app.worker.measuring import WORKER, Measuring

LOOK_AROUND_SECONDS = 5.0
CALL_SECONDS = 0.1
"""Workers whose hands are full send a hint round no faster than this."""


class HintedEngine:
    """The engine of a worker process; while all its hands are full, a hint goes to somebody else."""

    def __init__(self, services: Services):
        self._services = services
        self._hints = HintPublisher(services.settings, together=CALL_SECONDS)
        self._engine: EmbeddedEngine | None = None

    def start(self, threads: int) -> None:
        """Start the engine with so many handlers at once, and have it stop in good order."""
        self._engine = EmbeddedEngine(
            self._services, threads=threads, look_around=LOOK_AROUND_SECONDS, call_another=self._hints.wake
        )
        if self._services.spans is not None:
            self._services.spans.start()
        self._hints.start(self._services)
        self._engine.start()
        measuring = Measuring(self._services, WORKER, own_folder())
        measuring.start()
        self._stop = GracefulStop(self._services, self._engine, self._hints, measuring)
        self._stop.install()

    def stop(self) -> None:
        """Stop, and wait until nothing runs here any more."""
        self._stop.finish()

    def take_hint(self) -> None:
        """Look for work; a hint that is of no use here goes back."""
        if self._engine is None:
            return
        self._engine.wake()
        if self._engine.is_full:
            self._hints.wake()


class HintRequest(Request):
    """A hint that is never acknowledged.

    The queue hands hints out for good, but kombu forgets that with the connection; it would then send acknowledgements
    into one that is closed, which ends the whole worker on Redis.
    """

    def acknowledge(self) -> None:
        """Count it as done without a word to the broker."""
        self.acknowledged = True


def make_celery_worker(services: Services) -> Celery:
    """Make the application of a worker process; its threads start with the worker."""
    celery = make_celery(services.settings)
    engine = HintedEngine(services)

    @celery.task(name=RUN_DUE, ignore_result=True, Request=HintRequest)
    def run_due() -> None:
        engine.take_hint()

    class Engine(bootsteps.StartStopStep):
        """Runs beside the pool from before the first connection to the broker until the end."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            engine.start(parent.concurrency)

        def stop(self, parent: Any) -> None:
            engine.stop()

        terminate = stop

    celery.steps["worker"].add(Engine)
    return celery


def run_celery_worker(services: Services, *, threads: int) -> None:
    """Run a worker in this process until it is stopped."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    make_celery_worker(services).worker_main(["worker", "--concurrency", str(threads), *quiet])
