"""Deliveries of GitLab with the simulator's proofs, and channels that take them."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.gitlab import PLATFORM
from app.platforms.gitlab.callbacks import GitLabCallbacks
from sandbox.platforms.gitlab.signer import headers_of, signature_headers, token_headers
from tests.platforms.deliveries import NOW, SECONDS, delivery

SIGNING = "whsec_dGhlIHNpZ25pbmcgdG9rZW4gb2YgdGhlc2UgdGVzdHM="
OTHER_SIGNING = "whsec_YW5vdGhlciBzaWduaW5nIHRva2VuIG9mIHRlc3RzISE="
TOKEN = "It is a secret token"
UUID = "f5e57ebe-07eb-4b65-8bb6-2d1b5b2c1c11"
BODY = b'{"object_kind":"push","event_name":"push","ref":"refs/heads/main","user_id":4}'


def signed(
    body: bytes,
    *,
    event: str = "Push Hook",
    secret: str = SIGNING,
    uuid: str = UUID,
    at: int | str = SECONDS,
    **headers: str,
) -> InboundRequest:
    """Return a signed delivery; `headers` replace those of the same name with `_` for `-`, an empty one is left out."""
    return _sent(body, headers_of(event, uuid) | signature_headers(secret, uuid, at, body), headers)


def with_token(
    body: bytes, *, event: str = "Push Hook", secret: str = TOKEN, uuid: str = UUID, **headers: str
) -> InboundRequest:
    """Return a delivery with a secret token."""
    return _sent(body, headers_of(event, uuid) | token_headers(secret), headers)


def _sent(body: bytes, made: dict[str, str], changes: dict[str, str]) -> InboundRequest:
    kept = {name for name in made if name.lower().replace("-", "_") not in {each.lower() for each in changes}}
    changed = {name.replace("_", "-"): value for name, value in changes.items()}
    sent = {name: made[name] for name in made if name in kept} | changed
    return delivery(body, {name: value for name, value in sent.items() if value})


def channel(secret: Any = SIGNING, **keys: Any) -> GitLabCallbacks:
    opened = PLATFORM.open("gl", PLATFORM.settings.model_validate({"secret": secret} | keys))
    assert isinstance(opened, GitLabCallbacks)
    return opened


def take(request: InboundRequest, secret: Any = SIGNING, **keys: Any) -> ParsedEvent:
    source = channel(secret, **keys)
    verified = source.verify(request, NOW)
    assert source.challenge(request, verified) is None
    return source.parse(request, verified)


def refusal(request: InboundRequest, secret: Any = SIGNING, **keys: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        channel(secret, **keys).verify(request, NOW)
    return caught.value.reason


def why(request: InboundRequest, secret: Any = SIGNING) -> str:
    """Return what operators are told about a refusal."""
    with pytest.raises(VerificationError) as caught:
        channel(secret).verify(request, NOW)
    return caught.value.explain()
