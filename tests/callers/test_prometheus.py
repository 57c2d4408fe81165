"""The real Prometheus scrapes a gateway; its alert comes back through Alertmanager and is read in a group's chat."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.platforms.callback.signer import body_headers
from tests.architecture.source import ROOT
from tests.builders import CALLBACK_CHANNEL, CALLBACK_SECRET, envelope
from tests.callers.stage import CHANNELS, alertmanager, running, wait_until
from tests.databases import need
from tests.live import LiveGateway
from tests.ports import free_port
from tests.sandbox.server import SandboxServer

PROGRAM = shutil.which("prometheus")
CONFIG = """
global: {{ scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }}
rule_files: ["{rules}/callgate.rules.yml", "{rules}/alerts.yml"]
scrape_configs:
  - job_name: callgate
    authorization: {{ credentials: prometheus-token-4d1f8a2b }}
    static_configs: [{{ targets: ["127.0.0.1:{port}"] }}]
alerting:
  alertmanagers: [{{ static_configs: [{{ targets: ["{alerts}"] }}] }}]
"""
HANDLER = """
from app.handlers import PermanentError, Router

router = Router()


@router.on("callback", "order.lost")
def fails(event, context):
    context.count("lost_orders", shop="north")
    raise PermanentError("the shop is closed")
"""


@pytest.fixture
def gateway(tmp_path: Path, sandbox: SandboxServer) -> Iterator[LiveGateway]:
    own = CHANNELS.format(key=sandbox.settings["WECOM_ROBOT_KEY"], base=f"{sandbox.url}/wecom")
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "mine.py").write_text(HANDLER, encoding="utf-8")
    env = {"API_TOKENS": "prometheus:prometheus-token-4d1f8a2b:metrics"}
    with LiveGateway(tmp_path, channels=CALLBACK_CHANNEL + own, env=env) as live:
        yield live


@pytest.fixture
def prometheus(tmp_path: Path, gateway: LiveGateway) -> Iterator[str]:
    """Run Prometheus with the rules that come with the gateway; return its address."""
    need("prometheus", reachable=PROGRAM is not None)
    port = free_port()
    with alertmanager(tmp_path, gateway) as alerts:
        config = tmp_path / "prometheus.yml"
        text = CONFIG.format(
            rules=ROOT / "ops/prometheus", port=gateway.port, alerts=alerts.removeprefix("http://")
        )
        config.write_text(text, encoding="utf-8")
        command = [PROGRAM or "", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        with running(command, f"http://127.0.0.1:{port}") as url:
            yield url


def value_of(prometheus: str, query: str) -> float | None:
    answer = requests.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=5).json()
    found = answer["data"]["result"]
    return float(found[0]["value"][1]) if found else None


def deliver(gateway: LiveGateway, event_type: str) -> None:
    body = json.dumps(envelope("evt_1", event_type)).encode()
    headers = {"Content-Type": "application/json", **body_headers(CALLBACK_SECRET, body)}
    answer = requests.post(f"{gateway.url}/webhooks/callback", data=body, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text


def test_a_dead_letter_is_read_in_the_group(
    prometheus: str, gateway: LiveGateway, sandbox: SandboxServer
) -> None:
    wait_until(lambda: value_of(prometheus, "callgate_dead_letters") == 0)
    deliver(gateway, "order.lost")
    wait_until(lambda: len(sandbox.state.inbox.of("wecom")) > 0)
    assert "CallgateDeadLetters" in sandbox.state.inbox.of("wecom")[0].text
    stored = 'callback_requests_total{event_type="order.lost",status="stored"}'
    assert value_of(prometheus, stored) == 1
    assert value_of(prometheus, "callgate_handler_lost_orders_total") == 1
    assert value_of(prometheus, 'callgate_processes{kind="serve"}') == 1
