"""What the simulated SMN sends: messages with and without a subject, and both confirmations.

Shapes follow support.huaweicloud.com, SMN user guide, "HTTP/HTTPS Message Format" and "Message Signature Verification" (read 2026-11-28).
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.cloud_keys import sign_rsa
from sandbox.platforms.huawei_smn.api import FILE
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

NOTIFICATION, NO_SUBJECT = "Notification", "Notification (no subject)"
CONFIRMATIONS: tuple[tuple[str, Words], ...] = (
    ("SubscriptionConfirmation", Words("Please confirm a subscription", "订阅确认")),
    ("UnsubscribeConfirmation", Words("A subscription has ended", "取消订阅确认")),
)
CONSOLE = "https://console.huaweicloud.com/smn/subscription"


def _envelope(moment: Moment, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "message_id": secrets.token_hex(16),
        "topic_urn": moment.settings["HUAWEI_SMN_TOPIC_URN"],
        "timestamp": datetime.fromtimestamp(moment.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "signature_version": "v1",
    }


def _notification(subject: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        urn = moment.settings["HUAWEI_SMN_TOPIC_URN"]
        return _envelope(moment, "Notification") | {
            "subject": subject,
            "message": "CPU 使用率超过 90%\n请尽快处理。",
            "unsubscribe_url": f"{CONSOLE}/unsubscribe?region=cn-north-4&subscription_urn={urn}:1",
        }

    return build


def _confirmation(kind: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        urn = moment.settings["HUAWEI_SMN_TOPIC_URN"]
        return _envelope(moment, kind) | {
            "message": f"You are invited to subscribe to topic: {urn}.",
            "subscribe_url": f"{CONSOLE}/confirm?region=cn-north-4&token={secrets.token_hex(16)}&topic_urn={urn}",
        }

    return build


def signature(fields: dict[str, Any]) -> str:
    """Signs names and values on lines of their own, in the order of the alphabet."""
    more = "subject" if fields["type"] == "Notification" else "subscribe_url"
    names = sorted(["message", "message_id", more, "timestamp", "topic_urn", "type"])
    lines = "".join(f"{name}\n{fields[name]}\n" for name in names if fields.get(name))
    return b64encode(sign_rsa(lines.encode(), "sha256")).decode()


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    address = f"{state.settings.sandbox_url}/huawei_smn/{FILE}"
    body = fields | {"signing_cert_url": address, "signature": signature(fields)}
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "X-SMN-MESSAGE-TYPE": str(fields["type"]),
        "X-SMN-MESSAGE-ID": str(fields["message_id"]),
        "X-SMN-TOPIC-URN": str(fields["topic_urn"]),
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    return Outgoing("POST", path, headers, raw, str(fields["message_id"]))


CALLBACKS = Callbacks(
    samples=(
        Sample(NOTIFICATION, Words("A message", "通知消息"), _notification("告警")),
        Sample(NO_SUBJECT, Words("A message without a subject", "没有标题的消息"), _notification("")),
        *(Sample(kind, title, _confirmation(kind)) for kind, title in CONFIRMATIONS),
    ),
    sign=_sign,
)
