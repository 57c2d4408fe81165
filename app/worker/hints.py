"""Hints to Celery workers that there is work. A hint may be lost, late or doubled: the database knows what is due.

One thread sends them, so that no request ever waits for the broker. While the broker is away hints are dropped, with
growing pauses between the tries; the workers' own look-around finds the work meanwhile.
"""

from __future__ import annotations

import threading
from typing import Any

import structlog
from kombu import Connection, Producer

from app.config.settings import Settings
from app.pipeline.services import Services
from app.worker.celery_app import CONNECT_SECONDS, RUN_DUE, consumer_options, is_redis, make_celery

ANSWER_SECONDS = 5
MOST_WAITING = 64
TRANSIENT = 1
TOGETHER_SECONDS = 0.01
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class HintPublisher:
    """A thread that turns any number of calls of `wake` into few messages, `together` seconds apart."""

    def __init__(self, settings: Settings, *, together: float = TOGETHER_SECONDS):
        self._settings = settings
        self._together = together
        self._celery = make_celery(settings)
        self._connection: Connection | None = None
        self._channel: Any = None
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="hints", daemon=True)

    def start(self, services: Services) -> None:
        """Start the thread and ask the pipelines to call it."""
        services.runtime.wake = self.wake
        self._thread.start()

    def wake(self) -> None:
        """Ask for a hint; returns at once, whatever the broker does."""
        if not self._wanted.is_set():
            self._wanted.set()

    def stop(self) -> None:
        """End the thread; a hint on its way is given a moment."""
        self._stopping.set()
        self._wanted.set()
        self._thread.join(timeout=1)

    def _loop(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            self._wanted.wait()
            self._wanted.clear()
            if self._stopping.is_set():
                break
            try:
                self._send()
            except Exception as error:  # noqa: BLE001 - every transport has errors of its own; all mean: not now
                log.warning("hint_not_sent", error=error.__class__.__name__, next_try_seconds=pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS
                self._stopping.wait(self._together)
        self._disconnect()

    def _send(self) -> None:
        """Send one hint; a connection that was open before may be dead, so a fresh one gets a second chance."""
        was_open = self._channel is not None
        try:
            self._send_once()
        except Exception:
            self._disconnect()
            if not was_open:
                raise
            self._send_once()

    def _send_once(self) -> None:
        if self._channel is None:
            self._connect()
        queue = self._settings.celery_queue
        waiting = self._channel.queue_declare(queue=queue, durable=True, auto_delete=False).message_count
        if waiting >= MOST_WAITING:
            return
        with Producer(self._channel) as producer:
            self._celery.send_task(RUN_DUE, producer=producer, retry=False, delivery_mode=TRANSIENT)

    def _connect(self) -> None:
        self._connection = Connection(
            self._settings.celery_broker_url,
            connect_timeout=CONNECT_SECONDS,
            transport_options=consumer_options(self._settings) | _time_limits(self._settings),
        )
        self._connection.connect()
        self._channel = self._connection.channel()

    def _disconnect(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is None:
            return
        try:
            connection.collect(socket_timeout=1)
        except Exception as error:  # noqa: BLE001 - it is given up in any case
            log.debug("hint_connection_not_closed", error=error.__class__.__name__)


def _time_limits(settings: Settings) -> dict[str, Any]:
    if is_redis(settings):
        return {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
    return {"read_timeout": ANSWER_SECONDS, "write_timeout": ANSWER_SECONDS}
