"""What the simulated MNS pushes: a message in XML, in JSON, or alone (SIMPLIFIED).

Shapes follow help.aliyun.com, MNS, "HTTP push" and "Verify the signature of an HTTP push" (read 2026-11-28).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64encode
from email.utils import formatdate
from typing import Any
from xml.sax.saxutils import escape

from sandbox.cloud_keys import sign_rsa
from sandbox.platforms.aliyun_mns.api import FILE
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

FORMATS: tuple[tuple[str, Words], ...] = (
    ("JSON", Words("A message in JSON", "JSON 格式消息")),
    ("XML", Words("A message in XML", "XML 格式消息")),
    ("SIMPLIFIED", Words("A message alone", "SIMPLIFIED 格式消息")),
)
SPELLINGS = ("base64-hex", "base64", "hex")
NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"


def _message(moment: Moment) -> dict[str, Any]:
    text = "订单已支付 & 待发货"
    return {
        "TopicOwner": moment.settings["ALIYUN_MNS_TOPIC_OWNER"],
        "TopicName": moment.settings["ALIYUN_MNS_TOPIC_NAME"],
        "Subscriber": moment.settings["ALIYUN_MNS_TOPIC_OWNER"],
        "SubscriptionName": "callgate",
        "MessageId": secrets.token_hex(16).upper(),
        "MessageMD5": hashlib.md5(text.encode()).hexdigest().upper(),
        "Message": text,
        "PublishTime": str(int(moment.now * 1000)),
    }


def body_of(kind: str, fields: dict[str, Any]) -> bytes:
    """Writes a message in one of the formats."""
    if kind == "JSON":
        return json.dumps(fields, ensure_ascii=False).encode()
    if kind == "XML":
        inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
        return f'<?xml version="1.0" encoding="utf-8"?><Notification xmlns="{NAMESPACE}">{inner}</Notification>'.encode()
    return str(fields["Message"]).encode()


def body_digest(body: bytes, spelling: str) -> str:
    """Writes Content-MD5 in one of the spellings that are seen."""
    digest = hashlib.md5(body)
    if spelling == "hex":
        return digest.hexdigest().upper()
    return b64encode(digest.digest() if spelling == "base64" else digest.hexdigest().encode()).decode()


def signature(method: str, address: str, headers: dict[str, str]) -> str:
    """Signs method, three headers, every x-mns header in order, and the address."""
    own = sorted(
        (name.lower(), value) for name, value in headers.items() if name.lower().startswith("x-mns-")
    )
    first = [method, headers["Content-MD5"], headers["Content-Type"], headers["Date"]]
    lines = [*first, *(f"{name}:{value}" for name, value in own), address]
    return b64encode(sign_rsa("\n".join(lines).encode(), "sha1")).decode()


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    spelling = str(order.options.get("md5", SPELLINGS[0]))
    if spelling not in SPELLINGS:
        raise ValueError(f"md5 must be one of {', '.join(SPELLINGS)}")
    body = body_of(order.type, fields)
    address = f"{state.settings.sandbox_url}/aliyun_mns/{FILE}"
    headers = {
        "Content-Type": "text/plain;charset=utf-8"
        if order.type == "SIMPLIFIED"
        else "text/xml;charset=utf-8",
        "Content-MD5": body_digest(body, spelling),
        "Date": formatdate(state.now(), usegmt=True),
        "x-mns-request-id": secrets.token_hex(12).upper(),
        "x-mns-version": "2015-06-06",
        "x-mns-signing-cert-url": b64encode(address.encode()).decode(),
        "x-mns-topic-owner": str(fields["TopicOwner"]),
        "x-mns-topic-name": str(fields["TopicName"]),
        "x-mns-message-id": str(fields["MessageId"]),
        "User-Agent": "Aliyun Notification Service Agent",
    }
    headers["Authorization"] = signature("POST", path, headers)
    return Outgoing("POST", path, headers, body, str(fields["MessageId"]))


CALLBACKS = Callbacks(samples=tuple(Sample(kind, title, _message) for kind, title in FORMATS), sign=_sign)
