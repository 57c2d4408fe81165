"""Who runs the background work of a drill's gateway: threads of the server, or Celery workers and their broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.worker.conftest import BROKER_URLS, Broker, open_broker

ENGINES = ("embedded", *BROKER_URLS)


@dataclass(frozen=True, slots=True)
class Engine:
    """One of the engines; Celery is named for its broker."""

    name: str
    broker: Broker | None = None

    @property
    def is_celery(self) -> bool:
        """Whether the work is done by Celery workers."""
        return self.broker is not None

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings that choose it."""
        return {} if self.broker is None else self.broker.environment


THREADS = Engine("embedded")


@contextmanager
def open_engine(name: str) -> Iterator[Engine]:
    """Give an engine, Celery with an empty queue behind a proxy that can be cut; the queue is gone afterwards."""
    if name == THREADS.name:
        yield THREADS
        return
    with open_broker(name) as broker:
        yield Engine(name, broker)
