"""What the simulated Alertmanager sends: a firing alert, a resolved one, and a group of both.

Shapes follow prometheus/alertmanager template/template.go and notify/webhook (0.34.0, read 2026-11-20).
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

NO_END = "0001-01-01T00:00:00Z"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _alert(moment: Moment, status: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": "InstanceDown", "instance": "10.0.0.1:9100", "severity": "critical"},
        "annotations": {"summary": "实例 10.0.0.1:9100 不可用"},
        "startsAt": _time(moment.now - 60),
        "endsAt": NO_END if status == "firing" else _time(moment.now),
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0",
        "fingerprint": secrets.token_hex(8),
    }


def _group(moment: Moment, *statuses: str) -> dict[str, Any]:
    return {
        "receiver": "callgate",
        "status": "firing" if "firing" in statuses else "resolved",
        "alerts": [_alert(moment, status) for status in statuses],
        "groupLabels": {"alertname": "InstanceDown"},
        "commonLabels": {"alertname": "InstanceDown", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "version": "4",
        "groupKey": '{}:{alertname="InstanceDown"}',
        "truncatedAlerts": 0,
        "notification_reason": "first notification",
    }


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    token, scheme = state.settings["ALERTMANAGER_TOKEN"], str(order.options.get("auth", "bearer"))
    if scheme not in ("bearer", "basic"):
        raise ValueError("auth must be bearer or basic")
    basic = b64encode(f"alertmanager:{token}".encode()).decode()
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Alertmanager/0.34.0",
        "Authorization": f"Bearer {token}" if scheme == "bearer" else f"Basic {basic}",
    }
    return Outgoing("POST", path, headers, body, str(fields["groupKey"]))


CALLBACKS = Callbacks(
    samples=(
        Sample("alert.firing", Words("An alert fires", "告警触发"), lambda moment: _group(moment, "firing")),
        Sample(
            "alert.resolved",
            Words("An alert is resolved", "告警恢复"),
            lambda moment: _group(moment, "resolved"),
        ),
        Sample(
            "group",
            Words("A group of three alerts", "一组三条告警"),
            lambda moment: _group(moment, "firing", "firing", "resolved"),
        ),
    ),
    sign=_sign,
)
