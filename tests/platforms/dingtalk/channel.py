"""Builds the channel, the requests and the answers that the DingTalk tests share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app.core.ports import HttpAnswer
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.dingtalk import DingtalkConnector
from app.platforms.dingtalk.settings import DingtalkSettings
from sandbox.platforms.dingtalk import signer

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
CONFIG: dict[str, str] = VECTORS["reply"]["config"]
TOKEN, AES_KEY, APP_KEY = CONFIG["token"], CONFIG["aes_key"], CONFIG["owner_key"]
APP_SECRET = "dingAppSecretExample0123456789"
NOW = datetime.fromtimestamp(1_780_000_000, UTC)
TIMESTAMP, NONCE = "1780000000000", "n0nce123"


def connector(**overrides: Any) -> DingtalkConnector:
    usual = {"app_key": APP_KEY, "app_secret": APP_SECRET, "token": TOKEN, "aes_key": AES_KEY}
    return DingtalkConnector(DingtalkSettings.model_validate(usual | overrides))


def delivery(body: bytes, query: Mapping[str, str] | str = "", **headers: str) -> InboundRequest:
    return InboundRequest(
        method="POST",
        path="/webhooks/dingtalk",
        query_string=query if isinstance(query, str) else urlencode(query),
        headers=(("Content-Type", "application/json; charset=utf-8"), *headers.items()),
        body=body,
        remote_addr="203.0.113.7",
        received_at=NOW,
    )


def sealed(
    plain: bytes, *, key: str = AES_KEY, owner: str = APP_KEY, token: str = TOKEN, name: str = "signature"
) -> InboundRequest:
    """Return an event that is encrypted and signed."""
    text = signer.encrypt(plain, key, owner)
    signature = signer.signature(token, TIMESTAMP, NONCE, text)
    body = json.dumps({"encrypt": text}).encode()
    return delivery(body, {name: signature, "timestamp": TIMESTAMP, "nonce": NONCE})


def event(**changes: Any) -> bytes:
    usual = {
        "EventType": "user_modify_org",
        "CorpId": "ding0000corp",
        "UserId": ["李雷"],
        "TimeStamp": TIMESTAMP,
    }
    kept = {name: value for name, value in (usual | changes).items() if value is not ...}
    return json.dumps(kept, ensure_ascii=False).encode()


def robot(body: bytes, timestamp: str = TIMESTAMP, secret: str = APP_SECRET) -> InboundRequest:
    return delivery(body, timestamp=timestamp, sign=signer.robot_sign(secret, timestamp))


def parsed(request: InboundRequest, **overrides: Any) -> ParsedEvent:
    source = connector(**overrides)
    return source.parse(request, source.verify(request, NOW))


@dataclass
class FakeHttp:
    """Answers from a list, in order, and remembers what it was asked."""

    answers: list[HttpAnswer]
    calls: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        assert (params, form) == (None, None)
        self.calls.append((method, url, json, dict(headers or {})))
        return self.answers.pop(0)
