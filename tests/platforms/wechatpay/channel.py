"""A WeChat Pay channel of the tests, and one delivery taken by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.wechatpay import PLATFORM
from app.platforms.wechatpay.callbacks import WechatpayCallbacks
from tests.platforms.deliveries import NOW
from tests.platforms.wechatpay.signing import CERTIFICATE, MERCHANT, PUBLIC_KEYS

BOTH = MERCHANT | PUBLIC_KEYS | {"certificates": [CERTIFICATE]}


def channel(**keys: Any) -> WechatpayCallbacks:
    opened = PLATFORM.open("pay", PLATFORM.settings.model_validate(BOTH | keys))
    assert isinstance(opened, WechatpayCallbacks)
    return opened


def take(request: InboundRequest, now: datetime = NOW, **keys: Any) -> ParsedEvent:
    source = channel(**keys)
    verified = source.verify(request, now)
    assert source.challenge(request, verified) is None
    return source.parse(request, verified)


def refusal(request: InboundRequest, now: datetime = NOW, **keys: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        channel(**keys).verify(request, now)
    return caught.value.reason
