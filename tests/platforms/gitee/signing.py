"""Deliveries of Gitee with the simulator's proofs, and channels that take them."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.gitee import PLATFORM
from app.platforms.gitee.callbacks import GiteeCallbacks
from sandbox.platforms.gitee.signer import headers_of, signature
from tests.platforms.deliveries import NOW, SECONDS, delivery

SECRET = "a signing key or password of these tests"
MILLISECONDS = SECONDS * 1000 - 2500
BODY = b'{"hook_name":"push_hooks","password":"","sign":"repeated","ref":"refs/heads/main","sender":{"id":12345}}'


def signed(
    body: bytes,
    *,
    event: str = "Push Hook",
    secret: str = SECRET,
    at: int | str = MILLISECONDS,
    **headers: str,
) -> InboundRequest:
    """Return a delivery in signature mode; `headers` replace those of the same name with `_` for `-`, an empty one is left out."""
    return _sent(body, headers_of(event, signature(secret, at), at), headers)


def with_password(
    body: bytes, *, event: str = "Push Hook", secret: str = SECRET, **headers: str
) -> InboundRequest:
    """Return a delivery in password mode."""
    return _sent(body, headers_of(event, secret, MILLISECONDS), headers)


def _sent(body: bytes, made: dict[str, str], changes: dict[str, str]) -> InboundRequest:
    made = made | {name.replace("_", "-"): value for name, value in changes.items()}
    return delivery(body, {name: value for name, value in made.items() if value})


def channel(**keys: Any) -> GiteeCallbacks:
    opened = PLATFORM.open("ge", PLATFORM.settings.model_validate({"secret": SECRET} | keys))
    assert isinstance(opened, GiteeCallbacks)
    return opened


def take(request: InboundRequest, **keys: Any) -> ParsedEvent:
    source = channel(**keys)
    verified = source.verify(request, NOW)
    assert source.challenge(request, verified) is None
    return source.parse(request, verified)


def refused(request: InboundRequest, **keys: Any) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        channel(**keys).verify(request, NOW)
    return caught.value


def refusal(request: InboundRequest, **keys: Any) -> str:
    return refused(request, **keys).reason
