"""What the tests of channels share: a channel of a platform with a check, and what arrives at it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import CallgateError
from app.core.values import InboundRequest, Reply
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from tests.platforms.feishu import channel as feishu
from tests.platforms.feishu import signing

ENV = {"API_TOKENS": "ops:ops-token-4d1f8a2b:read+operate,reader:reader-token-77aa12:read"}
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
READER = {"Authorization": "Bearer reader-token-77aa12"}
FEISHU = f"""
[channels.feishu]
platform = "feishu"
app_id = "{signing.APP_ID}"
app_secret = "app-secret-of-this-app-9f3c"
verification_token = "{signing.TOKEN}"
encrypt_key = "{signing.ENCRYPT_KEY}"
"""


def challenge() -> InboundRequest:
    """Return what Feishu sends when the address is saved."""
    body = {"type": "url_verification", "challenge": "c-1", "token": signing.TOKEN}
    return feishu.sealed(json.loads(json.dumps(body)))


def event(**header: Any) -> InboundRequest:
    """Return an event of Feishu's."""
    return feishu.sealed(feishu.v2_event(**header))


def take(services: Services, request: InboundRequest) -> Reply:
    """Deliver something to the channel that is taken."""
    return receive(services, "feishu", request._replace(received_at=services.clock.now()), trace_id="t" * 32)


def refuse(services: Services, request: InboundRequest) -> None:
    """Deliver something that is refused."""
    with pytest.raises(CallgateError):
        take(services, request)
