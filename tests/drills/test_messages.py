"""Messages through kill -9, a platform that is away or used up, and a database that drops every connection.

Whoever was told that a message is stored finds it sent, or told as unknown; no platform is made to confirm one twice.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import requests

from tests.builders import CALLBACK_CHANNEL
from tests.drills.engines import Engine
from tests.drills.form import QUICK_LEASE_SECONDS, drill_marks, runs_on, sized
from tests.drills.push_server import CHANNEL, PushServer
from tests.drills.stage import Drill, wait_for

pytestmark = drill_marks()

MESSAGES = sized(120, 2000)
SENDERS = 4
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
DROP_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Customers:
    """Ask for numbered messages, each with its key, again until it is taken."""

    def __init__(self, url: str):
        self.taken: dict[str, str] = {}
        self._url = url
        self._left = iter(range(MESSAGES))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        while (number := self._next()) is not None:
            text = f"message {number}"
            while text not in self.taken:
                with suppress(requests.RequestException):
                    answer = requests.post(
                        f"{self._url}/api/v1/messages",
                        json={"channel": "push", "text": text},
                        headers=OPS | {"Idempotency-Key": text},
                        timeout=10,
                    )
                    if answer.status_code == 202:
                        self.taken[text] = answer.json()["id"]
                        break
                time.sleep(0.1)

    def _next(self) -> int | None:
        with self._lock:
            return next(self._left, None)

    def wait_for_share(self, share: float) -> None:
        """Wait until so much of all is taken."""
        wait_for(lambda: len(self.taken) >= MESSAGES * share, 90, f"{share:.0%} of the messages")

    def join(self) -> None:
        for thread in self._threads:
            thread.join(120)


@runs_on("sqlite-embedded", "postgresql-embedded")
def test_messages_are_never_lost_and_never_confirmed_twice(
    tmp_path: Path, database_url: str, engine: Engine, backend: str
) -> None:
    channels = CALLBACK_CHANNEL
    with PushServer() as push:
        channels += CHANNEL.format(port=push.port)
        with Drill(tmp_path, database_url, engine, lease=QUICK_LEASE_SECONDS, channels=channels) as drill:
            customers = Customers(drill.gateway.url)
            customers.wait_for_share(0.2)
            drill.gateway.kill()
            drill.gateway.start()
            customers.wait_for_share(0.4)
            push.go_away()
            time.sleep(1)
            push.come_back()
            customers.wait_for_share(0.6)
            push.refuses = 3
            customers.wait_for_share(0.8)
            if backend == "postgresql":
                drill.ask(DROP_CONNECTIONS)
            customers.join()
            drill.settle()
            states = dict(
                zip(
                    drill.ask("SELECT message_id FROM message_recipients ORDER BY message_id"),
                    drill.ask("SELECT state FROM message_recipients ORDER BY message_id"),
                    strict=True,
                )
            )
    ends = {text: states[message_id] for text, message_id in customers.taken.items()}
    assert len(ends) == MESSAGES
    assert set(ends.values()) <= {"sent", "unknown"}
    assert {text for text, state in ends.items() if state == "sent"} - set(push.confirmed) == set()
    assert [text for text, times in push.confirmed.items() if times > 1] == []
    # The threads of an engine hold no more calls than there are of them.
    assert sum(state == "unknown" for state in ends.values()) <= 8
    assert push.refusals == 3
