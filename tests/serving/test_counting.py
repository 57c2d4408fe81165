"""Counts over real processes: two that serve and a worker are one sum, which outlives each of them."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.builders import CALLBACK_CHANNEL, envelope, signed_callback
from tests.live import LiveGateway
from tests.worker.stage import FLASK_WORKER, Worker, wait_for

pytestmark = pytest.mark.backends("postgresql")
CHANNELS = f'{CALLBACK_CHANNEL}unknown_events = "store"\n'
HEADERS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
SENT = 40
READS = 16
"""So many that no process is left out but by a chance of one in thirty thousand."""


@pytest.fixture
def gateway(tmp_path: Path, database_url: str) -> Iterator[LiveGateway]:
    (tmp_path / "handlers").mkdir()
    env = {"METRICS_ALLOWED": "127.0.0.1", "LOG_FORMAT": "json"}
    with LiveGateway(tmp_path, database_url=database_url, channels=CHANNELS, env=env, workers=2) as running:
        yield running


def number(gateway: LiveGateway, series: str) -> float:
    """Return what a scrape says of one series, over a connection of its own, so that any process may answer."""
    answer = requests.get(f"{gateway.url}/metrics", headers={"Connection": "close"}, timeout=10)
    found = re.search(rf"^{re.escape(series)} (\S+)$", answer.text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def taken(gateway: LiveGateway) -> float:
    return number(gateway, 'callgate_deliveries_total{channel="callback",outcome="accepted"}')


def send(gateway: LiveGateway, name: str) -> str:
    """Send callbacks over connections of their own, and return the last one's event."""
    event_id = ""
    for each in range(SENT):
        request = signed_callback(envelope(f"{name}_{each}"))
        headers = {**dict(request.headers), "Connection": "close"}
        answer = requests.post(
            f"{gateway.url}/webhooks/callback", data=request.body, headers=headers, timeout=10
        )
        assert answer.status_code == 200
        event_id = str(answer.json()["event_id"])
    return event_id


def test_what_processes_count_is_one_sum_that_never_goes_back(gateway: LiveGateway) -> None:
    last = send(gateway, "first")
    # Each process knows its own count at once and that of another when it is written: only then may one be killed.
    wait_for(lambda: {taken(gateway) for _ in range(READS)} == {SENT})
    with Worker(gateway, FLASK_WORKER):
        wait_for(lambda: number(gateway, 'callgate_processes{kind="worker"}') == 1)
        os.kill(gateway.children()[0], signal.SIGKILL)
        wait_for(lambda: len(gateway.children()) == 2)
        wait_for(lambda: number(gateway, 'callgate_processes{kind="serve"}') == 2)
        assert {taken(gateway) for _ in range(READS)} == {SENT}
    send(gateway, "second")
    wait_for(lambda: taken(gateway) == 2 * SENT)
    wait_for(lambda: number(gateway, 'callgate_processes{kind="worker"}') == 0)
    url = f"{gateway.url}/api/v1/events/{last}"
    wait_for(lambda: requests.get(url, headers=HEADERS, timeout=10).json()["receipt"] is not None)
    gateway.stop()
    lines = [json.loads(line) for line in gateway.log().splitlines() if line.startswith('{"timestamp"')]
    assert len([line for line in lines if line["message"] == "callback"]) == 2 * SENT
    gateway.start()
    assert taken(gateway) == 0
    url = f"{gateway.url}/api/v1/stats?since=2026-11-20T00:00:00Z&step=86400"
    total = requests.get(url, headers=HEADERS, timeout=10).json()["total"]
    # The process that was killed had not written its last seconds of traffic.
    assert SENT <= total["accepted"] <= 2 * SENT
