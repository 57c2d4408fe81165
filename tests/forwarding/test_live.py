"""A real gateway in processes of its own forwards to a real receiver, and its commands tell how that goes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import requests
from standardwebhooks import Webhook

from tests.builders import envelope, signed_callback
from tests.forwarding.receiver import SECRET, Receiver, forwarding_to
from tests.live import LiveGateway


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def send(gateway: LiveGateway, key: str) -> None:
    delivery = signed_callback(envelope(key))
    reply = requests.post(
        f"{gateway.url}/webhooks/callback",
        data=delivery.body,
        headers=dict(delivery.headers),
        timeout=10,
    )
    assert reply.status_code == 200


def is_paused(gateway: LiveGateway) -> bool:
    """Ask the database, as a command takes a second to start."""
    with closing(sqlite3.connect(gateway.database_url.removeprefix("sqlite:///"))) as database:
        return database.execute("SELECT paused_at FROM destination_states").fetchone() not in (None, (None,))


def test_an_accepted_event_arrives_signed_and_a_paused_destination_is_resumed(
    tmp_path: Path, receiver: Receiver
) -> None:
    channels = forwarding_to(receiver.url, "pause_after = 1")
    with LiveGateway(tmp_path, channels=channels) as gateway:
        send(gateway, "evt_1")
        wait_for(lambda: receiver.keys == ["evt_1"])
        received = receiver.received[0]
        assert Webhook(SECRET).verify(received.body, received.headers)
        receiver.answers(401, b"who are you")
        send(gateway, "evt_2")
        wait_for(lambda: is_paused(gateway))
        receiver.answers(204)
        send(gateway, "evt_3")
        listed = gateway.flask("destinations", "list").stdout
        assert "paused" in listed
        assert "1 waiting" in listed
        assert "1 deliveries failed in a row; the last: crm answered 401: who are you" in listed
        assert receiver.keys == ["evt_1", "evt_2"]
        assert "1 waiting deliveries are due now" in gateway.flask("destinations", "resume", "crm").stdout
        wait_for(lambda: receiver.keys == ["evt_1", "evt_2", "evt_3"])
        unknown = gateway.flask("destinations", "resume", "nowhere")
        assert (unknown.returncode, "nowhere" in unknown.stderr) == (1, True)
        assert SECRET[6:] not in gateway.log()
