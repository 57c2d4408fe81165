"""Builds the channel, the requests and the answers that the Feishu tests share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.errors import UpstreamError, VerificationError
from app.core.ports import HttpAnswer
from app.core.values import InboundRequest, ParsedEvent, Verified
from app.platforms.feishu import FeishuConnector
from app.platforms.feishu.settings import FeishuSettings
from tests.platforms.feishu.signing import APP_ID, ENCRYPT_KEY, TOKEN, compact, event_signature, seal, stamped

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def connector(**overrides: Any) -> FeishuConnector:
    keys: dict[str, Any] = {
        "app_id": APP_ID,
        "app_secret": "demo-app-secret",
        "verification_token": TOKEN,
        "encrypt_key": ENCRYPT_KEY,
    }
    return FeishuConnector(FeishuSettings.model_validate(keys | overrides))


def delivery(body: bytes | str, headers: Mapping[str, str] | None = None) -> InboundRequest:
    return InboundRequest(
        method="POST",
        path="/webhooks/feishu",
        query_string="",
        headers=(("Content-Type", "application/json;charset=utf-8"), *(headers or {}).items()),
        body=body.encode() if isinstance(body, str) else body,
        remote_addr="203.0.113.7",
        received_at=NOW,
    )


def signed(body: bytes | str, **stamp: str) -> InboundRequest:
    """Sign a body as it is."""
    raw = body.encode() if isinstance(body, str) else body
    where = {name: value for name, value in stamp.items() if name in ("timestamp", "nonce")}
    return delivery(raw, stamped(event_signature(raw, **stamp), **where))


def sealed(content: object) -> InboundRequest:
    """Encrypt and sign a JSON value."""
    return signed(seal(compact(content)))


def verified(request: InboundRequest, **overrides: Any) -> Verified:
    return connector(**overrides).verify(request, NOW)


def refusal(request: InboundRequest, **overrides: object) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        verified(request, **overrides)
    return caught.value


def public(error: VerificationError) -> tuple[str, str, int]:
    """Return what the caller sees of a refusal."""
    return error.code, error.message, error.http_status


FORGED = public(VerificationError("forged"))


def parsed(request: InboundRequest, **overrides: Any) -> ParsedEvent:
    source = connector(**overrides)
    return source.parse(request, source.verify(request, NOW))


def v2_event(event: object = None, **header: Any) -> dict[str, Any]:
    usual = {
        "event_id": "e-1",
        "event_type": "contact.user.updated_v3",
        "token": TOKEN,
        "app_id": APP_ID,
        "create_time": "1700000000123",
    }
    kept = {name: value for name, value in (usual | header).items() if value is not ...}
    return {"schema": "2.0", "header": kept, "event": {} if event is None else event}


@dataclass
class Call:
    method: str
    url: str
    form: dict[str, str] | None
    json: Any
    headers: dict[str, str]


@dataclass
class FakeHttp:
    """Answers from a list, in order, and remembers what it was asked."""

    answers: list[HttpAnswer | Exception]
    calls: list[Call] = field(default_factory=list)

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
        assert params is None
        self.calls.append(Call(method, url, None if form is None else dict(form), json, dict(headers or {})))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def fails_with(error: type[UpstreamError], act: Callable[[], object]) -> UpstreamError:
    """Run and return the error, which must be exactly of that type."""
    with pytest.raises(error) as caught:
        act()
    assert type(caught.value) is error
    return caught.value
