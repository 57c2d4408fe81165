"""Opens a callback channel and takes requests with it."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.callback import PLATFORM, CallbackChannel
from tests.platforms.callback.signing import SECRET
from tests.platforms.deliveries import NOW


def channel(**keys: Any) -> CallbackChannel:
    opened = PLATFORM.open("callback", PLATFORM.settings.model_validate({"secret": SECRET} | keys))
    assert isinstance(opened, CallbackChannel)
    return opened


def take(request: InboundRequest, **keys: Any) -> ParsedEvent:
    source = channel(**keys)
    verified = source.verify(request, NOW)
    assert source.challenge(request, verified) is None
    return source.parse(request, verified)


def refusal(request: InboundRequest, **keys: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        channel(**keys).verify(request, NOW)
    return caught.value.reason


def with_headers(request: InboundRequest, **changes: str) -> InboundRequest:
    changed = {name.replace("_", "-").lower(): value for name, value in changes.items()}
    kept = [(name, value) for name, value in request.headers if name.lower() not in changed]
    return request._replace(headers=(*kept, *changed.items()))
