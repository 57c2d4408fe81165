"""Builders for the WeCom tests: an opened application, a request, what came of it, and an API that answers from a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified
from app.platforms.wecom import PLATFORM, WecomConnector
from app.platforms.wecom.settings import WecomSettings
from sandbox import tencent_messages as signer

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
CORP_ID = "ww1234567890abcdef"
AGENT_ID = "1000002"
TOKEN = "gatewayToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_AES_KEY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
STAMP = str(int(NOW.timestamp()))
NONCE = "1372623149"

CASES: Mapping[str, Mapping[str, Any]] = {
    case["id"]: case
    for case in json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["cases"]
}
LOGINS: Mapping[str, Any] = json.loads(Path(__file__).with_name("logins.json").read_text("utf-8"))


def settings(**keys: Any) -> WecomSettings:
    usual = {
        "corp_id": CORP_ID,
        "agent_id": AGENT_ID,
        "secret": "s3cret",
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
    }
    return WecomSettings.model_validate(usual | keys)


def application(**keys: Any) -> WecomConnector:
    opened = PLATFORM.open("wecom", settings(**keys))
    assert isinstance(opened, WecomConnector)
    return opened


def inbound(query: str, body: bytes = b"", method: str = "POST") -> InboundRequest:
    return InboundRequest(
        method=method,
        path="/webhooks/wecom",
        query_string=query,
        headers=(),
        body=body,
        remote_addr="203.0.113.9",
        received_at=NOW,
    )


def envelope(ciphertext: str) -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[{CORP_ID}]]></ToUserName><AgentID><![CDATA[{AGENT_ID}]]></AgentID>"
        f"<Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>"
    ).encode()


def query_for(
    ciphertext: str, *, token: str = TOKEN, timestamp: str = STAMP, nonce: str = NONCE, **more: str
) -> str:
    signature = signer.message_signature(token, timestamp, nonce, ciphertext)
    return urlencode({"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, **more})


def encrypted(text: bytes, *, aes_key: str = AES_KEY, corp_id: str = CORP_ID) -> str:
    return signer.encrypt(text, aes_key, corp_id, b"0123456789abcdef")


def sent(text: bytes) -> InboundRequest:
    """Return a callback with this text, signed and encrypted."""
    ciphertext = encrypted(text)
    return inbound(query_for(ciphertext), envelope(ciphertext))


def check_of_address(text: bytes = b"1616140317555161061") -> InboundRequest:
    ciphertext = encrypted(text)
    return inbound(query_for(ciphertext, echostr=ciphertext), method="GET")


def xml(**fields: str) -> bytes:
    named = {
        "ToUserName": CORP_ID,
        "FromUserName": "zhangsan",
        "CreateTime": STAMP,
        "MsgType": "text",
    } | fields
    inner = "".join(f"<{name}><![CDATA[{text}]]></{name}>" for name, text in named.items() if text)
    return f"<xml>{inner}</xml>".encode()


def received(connector: WecomConnector, request: InboundRequest) -> tuple[Verified, ParsedEvent]:
    verified = connector.verify(request, NOW)
    assert connector.challenge(request, verified) is None
    return verified, connector.parse(request, verified)


def event_of(**fields: str) -> ParsedEvent:
    return received(application(), sent(xml(**fields)))[1]


def answered(
    connector: WecomConnector, request: InboundRequest, data: Any, situation: Situation = Situation.SUCCESS
) -> Reply:
    verified, event = received(connector, request)
    return connector.acknowledge(request, verified, Outcome(situation, "evt_1", event, data=data, now=NOW))
