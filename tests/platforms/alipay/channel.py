"""Builds the channel, the notifications and the answers that the Alipay tests share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core.ports import HttpAnswer
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.alipay import AlipayConnector
from app.platforms.alipay.settings import AlipaySettings
from sandbox.platforms.alipay import signer
from tests.platforms.answering import answer

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
PEM: dict[str, str] = VECTORS["keys"]
APP_ID: str = VECTORS["order"]["app_id"]
SELLER_ID: str = VECTORS["order"]["seller_id"]
NOW = datetime(2026, 5, 28, 12, 26, 40, tzinfo=UTC)
PUBLIC_KEYS = {
    "alipay_public_key": PEM["alipay_public_key_base64_der"],
    "app_private_key": PEM["app_private_key_pem"],
}
CERTIFICATES: dict[str, Any] = {
    "app_private_key": PEM["app_private_key_pem"],
    "app_cert": PEM["app_cert_pem"],
    "alipay_cert": PEM["alipay_cert_pem"],
    "alipay_root_cert": PEM["alipay_root_cert_pem"],
}


def base64_der(pem: str) -> str:
    """Return the Base64 text of a PEM block, as Alipay's consoles show keys."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


ALIPAY_KEY = base64_der(PEM["alipay_private_key_pem"])


def settings(**overrides: Any) -> AlipaySettings:
    usual = {"app_id": APP_ID, "seller_id": SELLER_ID}
    mode = CERTIFICATES if "app_cert" in overrides else PUBLIC_KEYS
    return AlipaySettings.model_validate(usual | mode | overrides)


def connector(**overrides: Any) -> AlipayConnector:
    return AlipayConnector(settings(**overrides))


def delivery(body: bytes) -> InboundRequest:
    return InboundRequest(
        method="POST",
        path="/webhooks/alipay",
        query_string="",
        headers=(("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),),
        body=body,
        remote_addr="203.0.113.7",
        received_at=NOW,
    )


def notice(**changes: Any) -> dict[str, str]:
    """Return the fields of a notification; `...` drops one."""
    usual = {
        "notify_id": "2026052800222202640066661234567890",
        "notify_type": "trade_status_sync",
        "notify_time": "2026-05-28 20:26:41",
        "trade_status": "TRADE_SUCCESS",
        "app_id": APP_ID,
        "seller_id": SELLER_ID,
        "out_trade_no": "ORDER-1",
        "total_amount": "88.88",
        "charset": "utf-8",
    }
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def signed(encoding: str = "utf-8", **changes: Any) -> bytes:
    return signer.notification(notice(**changes), ALIPAY_KEY, encoding)


def parsed(body: bytes, **overrides: Any) -> ParsedEvent:
    source, request = connector(**overrides), delivery(body)
    return source.parse(request, source.verify(request, NOW))


def signed_answer(method: str, content: object, key: str = ALIPAY_KEY) -> HttpAnswer:
    text = json.dumps(content, ensure_ascii=False)
    return answer(signer.answer(f"{method.replace('.', '_')}_response", text, key).encode())


@dataclass
class FakeHttp:
    """Answers from a list, in order, and remembers what it was asked."""

    answers: list[HttpAnswer | Exception]
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

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
        assert (form, json, headers) == (None, None, None)
        self.calls.append((method, url, dict(params or {})))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found
