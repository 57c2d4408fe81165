"""Brokers: RabbitMQ and Redis, each with a queue of the test's own behind a proxy that can be cut."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from kombu import Connection

from tests.databases import ServerDatabases, need
from tests.live import LiveGateway
from tests.worker.proxy import CutProxy
from tests.worker.stage import gateway_environment

BROKER_URLS = {
    "rabbitmq": os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//"),
    "redis": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0"),
}


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker as a gateway sees it."""

    kind: str
    url: str
    queue: str
    proxy: CutProxy

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings that use it."""
        return {"ENGINE": "celery", "CELERY_BROKER_URL": self.url, "CELERY_QUEUE": self.queue}


@dataclass(frozen=True, slots=True)
class CeleryStage:
    """A gateway and the broker it tells its workers through."""

    gateway: LiveGateway
    broker: Broker


def answers(url: str) -> bool:
    """Say whether a broker lets us in."""
    try:
        with Connection(url, connect_timeout=3) as connection:
            connection.connect()
    except Exception:
        return False
    return True


KINDS = [pytest.param(kind, marks=pytest.mark.services) for kind in BROKER_URLS]


@contextmanager
def open_broker(kind: str) -> Iterator[Broker]:
    """Give a broker with an empty queue; the queue is gone afterwards."""
    real = BROKER_URLS[kind]
    need(kind, answers(real))
    address = urlsplit(real)
    queue = f"test-{uuid.uuid4().hex[:12]}"
    with CutProxy(address.hostname or "127.0.0.1", address.port or 5672) as proxy:
        login = address.netloc.rpartition("@")[0]
        place = f"{login}@127.0.0.1:{proxy.port}" if login else f"127.0.0.1:{proxy.port}"
        try:
            yield Broker(kind, address._replace(netloc=place).geturl(), queue, proxy)
        finally:
            remove_queue(kind, real, queue)


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Return a broker of the test's own."""
    with open_broker(str(request.param)) as opened:
        yield opened


@pytest.fixture(scope="module", params=KINDS)
def celery_stage(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    server_databases: ServerDatabases,
) -> Iterator[CeleryStage]:
    """Serve a gateway without threads for background work, with a broker; each test of a file brings its own workers."""
    folder = tmp_path_factory.mktemp("celery")
    url = server_databases.url("postgresql")
    with open_broker(str(request.param)) as opened:
        env = gateway_environment(folder, **opened.environment)
        with LiveGateway(folder, database_url=url, env=env) as live:
            yield CeleryStage(live, opened)


@pytest.fixture
def celery(celery_stage: CeleryStage, server_databases: ServerDatabases) -> Iterator[CeleryStage]:
    """Return it without notes; its broker can be reached, and its rows are gone afterwards."""
    celery_stage.broker.proxy.mend()
    (celery_stage.gateway.folder / "notes.jsonl").unlink(missing_ok=True)
    yield celery_stage
    server_databases.empty("postgresql")


def remove_queue(kind: str, url: str, queue: str) -> None:
    """Leave nothing on the real broker."""
    if kind == "rabbitmq":
        with Connection(url, connect_timeout=3) as connection:
            channel: Any = connection.channel()
            channel.queue_delete(queue)
        return
    import redis

    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter(f"{queue}:*"):
            client.delete(key)


def waiting_hints(broker: Broker) -> int:
    """Return how many hints wait in the queue."""
    options = {"global_keyprefix": f"{broker.queue}:"} if broker.kind == "redis" else {}
    with Connection(BROKER_URLS[broker.kind], connect_timeout=3, transport_options=options) as connection:
        channel: Any = connection.channel()
        return int(channel.queue_declare(queue=broker.queue, durable=True, auto_delete=False).message_count)
