"""The real Alertmanager, in front of a gateway whose notification writes into a group's chat."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.databases import need
from tests.live import LiveGateway
from tests.ports import free_port

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


@contextmanager
def alertmanager(folder: Path, gateway: LiveGateway) -> Iterator[str]:
    """Run Alertmanager with the gateway as its receiver; yield its address."""
    need("prometheus-alertmanager", reachable=PROGRAM is not None)
    config, port = folder / "alertmanager.yml", free_port()
    config.write_text(CONFIG.format(url=gateway.url), encoding="utf-8")
    command = [PROGRAM or "", f"--config.file={config}", f"--storage.path={folder / 'alerts'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with running(command, f"http://127.0.0.1:{port}") as url:
        yield url


@contextmanager
def running(command: list[str], url: str) -> Iterator[str]:
    """Run a program of Prometheus until the end of the block, from when it is ready."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: is_up(url))
            yield url
        finally:
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
