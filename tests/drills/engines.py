"""Who runs the background work of a drill's gateway: threads of the server, or Celery workers and their broker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.databases import need
from tests.worker.conftest import BROKER_URLS, Broker, answers, remove_queue
from tests.worker.proxy import CutProxy

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
    real = BROKER_URLS[name]
    need(name, answers(real))
    address = urlsplit(real)
    queue = f"drill-{uuid.uuid4().hex[:12]}"
    with CutProxy(address.hostname or "127.0.0.1", address.port or 5672) as proxy:
        login = address.netloc.rpartition("@")[0]
        place = f"{login}@127.0.0.1:{proxy.port}" if login else f"127.0.0.1:{proxy.port}"
        try:
            yield Engine(name, Broker(name, address._replace(netloc=place).geturl(), queue, proxy))
        finally:
            remove_queue(name, real, queue)
