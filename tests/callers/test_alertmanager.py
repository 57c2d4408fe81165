"""The real Alertmanager calls a gateway, and its alert is read in a group's chat: program, gateway and robot over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.callers.stage import CHANNELS, alertmanager, wait_until
from tests.live import LiveGateway
from tests.sandbox.server import SandboxServer


@pytest.fixture
def gateway(tmp_path: Path, sandbox: SandboxServer) -> Iterator[LiveGateway]:
    channels = CHANNELS.format(key=sandbox.settings["WECOM_ROBOT_KEY"], base=f"{sandbox.url}/wecom")
    with LiveGateway(tmp_path, channels=channels) as running:
        yield running


@pytest.fixture
def url(tmp_path: Path, gateway: LiveGateway) -> Iterator[str]:
    with alertmanager(tmp_path, gateway) as address:
        yield address


def test_an_alert_is_read_in_the_group_and_so_is_its_end(url: str, sandbox: SandboxServer) -> None:
    labels = {"alertname": "DiskFull", "instance": "db-1", "severity": "critical"}
    alert = {"labels": labels, "annotations": {"summary": "4% are left"}}
    requests.post(f"{url}/api/v2/alerts", json=[alert], timeout=5).raise_for_status()
    wait_until(lambda: len(sandbox.state.inbox.of("wecom")) == 1)
    (first,) = sandbox.state.inbox.of("wecom")
    assert "DiskFull" in first.text
    assert "4% are left" in first.text
    now = datetime.now(UTC).isoformat()
    requests.post(f"{url}/api/v2/alerts", json=[alert | {"endsAt": now}], timeout=5).raise_for_status()
    wait_until(lambda: len(sandbox.state.inbox.of("wecom")) == 2)
    assert "resolved" in sandbox.state.inbox.of("wecom")[1].text.lower()
