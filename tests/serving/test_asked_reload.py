"""A running gateway follows what was asked for elsewhere: a reload, and a channel that was switched off at a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.builders import CALLBACK_CHANNEL
from tests.live import LiveGateway

OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
TOKENS = {"API_TOKENS": "ops:ops-token-4d1f8a2b:read+operate", "APP_ENV": "test"}


def wait_for(happened: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def ask(gateway: LiveGateway, method: str, path: str) -> tuple[int, Any]:
    answer = requests.request(method, f"{gateway.url}/api/v1/{path}", headers=OPS, timeout=10)
    return answer.status_code, answer.json()


def titles(gateway: LiveGateway) -> list[str]:
    return [channel["title"] for channel in ask(gateway, "GET", "channels")[1]["items"]]


def test_a_reload_and_a_switch_that_were_asked_for_take_effect(tmp_path: Path) -> None:
    channels = CALLBACK_CHANNEL + 'title = "Old"\n'
    with LiveGateway(tmp_path, channels=channels, env=TOKENS) as gateway:
        file = tmp_path / "channels.toml"
        file.write_text(channels.replace("Old", "New").replace("title", "titel"), encoding="utf-8")
        assert ask(gateway, "POST", "reload")[1]["error"] == "configuration_at_fault"
        file.write_text(channels.replace("Old", "New"), encoding="utf-8")
        wait_for(lambda: ask(gateway, "GET", "channels/diff")[1]["changes"] != [])
        (before,) = gateway.children()
        assert ask(gateway, "POST", "reload")[0] == 202
        wait_for(lambda: titles(gateway) == ["New"])
        wait_for(lambda: before not in gateway.children())
        gateway.flask("channels", "disable", "callback", "--reason", "the secret leaked")
        callback = f"{gateway.url}/webhooks/callback"
        wait_for(lambda: requests.post(callback, json={}, timeout=10).status_code == 503)
