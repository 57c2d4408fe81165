"""The real Alertmanager calls a gateway, and its alert is read in a group's chat: program, gateway and robot over real HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.live import LiveGateway
from tests.ports import free_port
from tests.sandbox.server import SandboxServer

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
SECONDS = 30.0
CONFIG = """
route:
  receiver: gate
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: gate
    webhook_configs:
      - url: {url}/webhooks/alerts
        send_resolved: true
        http_config:
          authorization:
            credentials: alert-token-0123456789abcdef
"""
CHANNELS = """
[channels.alerts]
platform = "alertmanager"
token = "alert-token-0123456789abcdef"

[channels.ops]
platform = "wecom"
robot_key = "{key}"
api_base = "{base}"

[[notifications]]
match = ["alerts:alert.*"]
channels = ["ops"]
template = "alertmanager.md"
"""


@pytest.fixture
def gateway(tmp_path: Path, sandbox: SandboxServer) -> Iterator[LiveGateway]:
    channels = CHANNELS.format(key=sandbox.settings["WECOM_ROBOT_KEY"], base=f"{sandbox.url}/wecom")
    with LiveGateway(tmp_path, channels=channels) as running:
        yield running


@pytest.fixture
def alertmanager(tmp_path: Path, gateway: LiveGateway) -> Iterator[str]:
    """Run Alertmanager with the gateway as its receiver; return its address."""
    if PROGRAM is None:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("prometheus-alertmanager is not installed and REQUIRE_SERVICES=1")
        pytest.skip("prometheus-alertmanager is not installed")
    config, port = tmp_path / "alertmanager.yml", free_port()
    config.write_text(CONFIG.format(url=gateway.url), encoding="utf-8")
    command = [PROGRAM, f"--config.file={config}", f"--storage.path={tmp_path / 'alerts'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_up(url))
        yield url
        process.terminate()


def is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/-/ready", timeout=2).ok
    except requests.RequestException:
        return False


def wait_until(happened: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_an_alert_is_read_in_the_group_and_so_is_its_end(alertmanager: str, sandbox: SandboxServer) -> None:
    labels = {"alertname": "DiskFull", "instance": "db-1", "severity": "critical"}
    alert = {"labels": labels, "annotations": {"summary": "4% are left"}}
    requests.post(f"{alertmanager}/api/v2/alerts", json=[alert], timeout=5).raise_for_status()
    wait_until(lambda: len(sandbox.state.inbox.of("wecom")) == 1)
    (first,) = sandbox.state.inbox.of("wecom")
    assert "DiskFull" in first.text
    assert "4% are left" in first.text
    now = datetime.now(UTC).isoformat()
    requests.post(
        f"{alertmanager}/api/v2/alerts", json=[alert | {"endsAt": now}], timeout=5
    ).raise_for_status()
    wait_until(lambda: len(sandbox.state.inbox.of("wecom")) == 2)
    assert "resolved" in sandbox.state.inbox.of("wecom")[1].text.lower()
