"""Deliveries of GitHub with the simulator's signature, and a channel that takes them."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.github import PLATFORM
from app.platforms.github.callbacks import GitHubCallbacks
from sandbox.platforms.github.signer import form_of, headers_of
from tests.platforms.deliveries import NOW, delivery

SECRET = "It's a Secret to Everybody"
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
BODY = b'{"ref":"refs/heads/main","sender":{"login":"octocat","id":583231}}'


def webhook(
    body: bytes, *, event: str = "push", secret: str = SECRET, guid: str = GUID, **headers: str
) -> InboundRequest:
    """Return a signed delivery; `headers` replace those of the same name with `_` for `-`, an empty one is left out."""
    made = headers_of(secret, event, guid, body)
    made |= {name.replace("_", "-"): value for name, value in headers.items()}
    return delivery(body, {name: value for name, value in made.items() if value})


def form(body: bytes) -> InboundRequest:
    """Return any body signed as it is, and JSON signed inside a form."""
    return webhook(form_of(body) if body == BODY else body)


def channel(**keys: Any) -> GitHubCallbacks:
    opened = PLATFORM.open("gh", PLATFORM.settings.model_validate({"secret": SECRET} | keys))
    assert isinstance(opened, GitHubCallbacks)
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
