"""Grafana as a caller: the payload of its webhook contact point by its documentation, signed, told in both languages.

Source: grafana.com/docs, "Configure webhook notifications", the example of two firing alerts (read 2026-11-29; its `message` left out).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.config.channels import parse_channels
from app.factory import create_app
from app.pipeline.sending.notices import open_notifications
from app.pipeline.sending.notifications import notification_routes
from app.pipeline.services import Services
from tests.builders import exchange
from tests.sending.office import run_due

pytestmark = pytest.mark.backends("sqlite")
SECRET = "grafana-secret-0123456789"


def alert(name: str, zone: str, rule: str, fingerprint: str, value: float) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": name, "team": "blue", "zone": zone},
        "annotations": {
            "description": f"The system has {name[0].lower()}{name[1:]}",
            "runbook_url": "https://myrunbook.com/runbook/1234",
            "summary": f"This alert was triggered for zone {zone}",
        },
        "startsAt": "2021-10-12T09:51:03.157076+02:00",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": f"https://play.grafana.org/alerting/{rule}/edit",
        "fingerprint": fingerprint,
        "silenceURL": "https://play.grafana.org/alerting/silence/new?alertmanager=grafana&matchers=team%3Dblue",
        "dashboardURL": "",
        "panelURL": "",
        "values": {"B": value, "C": 1},
    }


PAYLOAD: dict[str, Any] = {
    "receiver": "My Super Webhook",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        alert("High memory usage", "us-1", "1afz29v7z", "c6eadffa33fcdf37", 44.23943737541908),
        alert("High CPU usage", "eu-1", "d1rdpdv7k", "bc97ff14869b13e3", 44.23943737541908),
    ],
    "groupLabels": {},
    "commonLabels": {"team": "blue"},
    "commonAnnotations": {},
    "externalURL": "https://play.grafana.org/",
    "version": "1",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
    "title": "[FIRING:2]  (blue)",
    "state": "alerting",
}


CHANNELS = f"""
[channels.grafana]
platform = "grafana"
secret = "{SECRET}"

[channels.push]
platform = "gotify"
app_token = "gotify-token-1f2e"
api_base = "http://127.0.0.1:9"

[[notifications]]
name = "english"
match = "grafana:*"
channels = "push"
template = "grafana.md"

[[notifications]]
name = "chinese"
match = "grafana:*"
channels = "push"
template = "grafana.zh-CN.md"
"""


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    made = services_with(channels=CHANNELS)
    faults: list[str] = []
    opened = open_notifications(parse_channels(CHANNELS, {}), made.channels, Path("nowhere"), faults)
    assert faults == []
    exchange(made, notifications=notification_routes(made, opened), _matches={})
    return made


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


def call(client: FlaskClient, payload: dict[str, Any], secret: str = SECRET) -> int:
    body = json.dumps(payload).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Grafana-Alerting-Signature": signature, "Content-Type": "application/json"}
    return client.post("/webhooks/grafana", data=body, headers=headers).status_code


def told(services: Services, client: FlaskClient, payload: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return title and text of what each notification says."""
    assert 200 <= call(client, payload) < 300
    run_due(services)
    with services.database.read() as tx:
        rows = tx.exec_driver_sql("SELECT data FROM events WHERE channel = 'messages'").all()
    found = [json.loads(row[0]) for row in rows]
    return {
        "chinese" if "：" in each["title"] else "english": (each["title"], each["text"]) for each in found
    }


def test_grafanas_alerts_are_told_in_both_languages(services: Services, client: FlaskClient) -> None:
    said = told(services, client, PAYLOAD)
    title, text = said["english"]
    assert title == "Firing: [FIRING:2] (blue) (2)"
    assert "**High memory usage**" in text
    assert "**High CPU usage**" in text
    assert "This alert was triggered for zone eu-1" in text
    assert "2021-10-12 15:51:03" in text
    assert "[Runbook](https://myrunbook.com/runbook/1234)" in text
    assert "[Rule](https://play.grafana.org/alerting/1afz29v7z/edit)" in text
    assert "[Panel]" not in text
    assert "until" not in text
    title, text = said["chinese"]
    assert title.startswith("告警：")
    assert "共 2 条" in title
    assert "[处理手册](https://myrunbook.com/runbook/1234)" in text


def test_an_end_is_told_as_one_and_what_grafana_left_out_is_counted(
    services: Services, client: FlaskClient
) -> None:
    ended = PAYLOAD["alerts"][0] | {"status": "resolved", "endsAt": "2021-10-12T10:00:00+02:00"}
    payload = PAYLOAD | {
        "status": "resolved",
        "alerts": [ended],
        "commonLabels": ended["labels"],
        "truncatedAlerts": 7,
    }
    title, text = told(services, client, payload)["english"]
    assert title == "Resolved: High memory usage"
    assert "until 2021-10-12 16:00:00" in text
    assert "(+7)" in text
    assert "Silence" not in text


def test_an_alert_that_is_not_grafanas_is_refused(client: FlaskClient) -> None:
    assert call(client, PAYLOAD, secret="another-secret-0123456") == 401
