"""Builders for the WeChat tests: an opened account, a request, an outcome, and a platform API that answers from a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified
from app.platforms.wechat import PLATFORM, WechatConnector
from app.platforms.wechat.settings import WechatSettings

NOW = datetime(2023, 11, 14, 22, 13, 25, tzinfo=UTC)
APP_ID = "wx1234567890abcdef"
TOKEN = "gatewayToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_AES_KEY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"

CASES: Mapping[str, Mapping[str, Any]] = {
    case["id"]: case
    for case in json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["cases"]
}


def settings(**keys: Any) -> WechatSettings:
    return WechatSettings.model_validate({"app_id": APP_ID, "app_secret": "s3cret", "token": TOKEN} | keys)


def account(**keys: Any) -> WechatConnector:
    opened = PLATFORM.open("wechat", settings(**keys))
    assert isinstance(opened, WechatConnector)
    return opened


def safe_account(**keys: Any) -> WechatConnector:
    return account(**{"encoding_aes_key": AES_KEY} | keys)


def inbound(query: str, body: bytes = b"", method: str = "POST") -> InboundRequest:
    return InboundRequest(
        method=method,
        path="/wechat/wechat",
        query_string=query,
        headers=(),
        body=body,
        remote_addr="203.0.113.9",
        received_at=NOW,
    )


def received(connector: WechatConnector, request: InboundRequest) -> tuple[Verified, ParsedEvent]:
    verified = connector.verify(request, NOW)
    assert connector.challenge(request, verified) is None
    return verified, connector.parse(request, verified)


def answered(
    connector: WechatConnector, request: InboundRequest, data: Any, situation: Situation = Situation.SUCCESS
) -> Reply:
    verified, event = received(connector, request)
    return connector.acknowledge(request, verified, Outcome(situation, "evt_1", event, data=data, now=NOW))
