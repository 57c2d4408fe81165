"""A command from beginning to end over real HTTP: a serving process, its own engine, a receiver that verifies."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import requests
from standardwebhooks import Webhook

from tests.builders import CALLBACK_SECRET
from tests.commands.asking import PATH, Receiver, signed_headers
from tests.live import LiveGateway


def test_a_ping_is_answered_at_its_callback_address(tmp_path: Path, receiver: Receiver):
    body = json.dumps({"command": "PING", "payload": {"n": 1}, "callbackUrl": receiver.url}).encode()
    env = {"CALLBACK_ALLOWED_HOSTS": receiver.host, "SANDBOX": "0"}
    with LiveGateway(tmp_path, env=env) as gateway:
        headers = signed_headers(body, at=datetime.now(UTC))
        answer = requests.post(gateway.url + PATH, data=body, headers=headers, timeout=10)
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + 20
        while not receiver.taken and time.monotonic() < deadline:
            time.sleep(0.05)
        assert receiver.taken, gateway.log()[-4000:]
        look = signed_headers(b"", at=datetime.now(UTC))
        shown = requests.get(f"{gateway.url}{PATH}/{answer.json()['id']}", headers=look, timeout=10).json()
    told_headers, told = receiver.taken[0]
    key = base64.b64encode(CALLBACK_SECRET.encode()).decode()
    assert Webhook(key).verify(told, told_headers)["data"]["result"] == {"pong": {"n": 1}}
    assert (shown["state"], shown["result"]) == ("succeeded", {"pong": {"n": 1}})
