"""Pushes of Pub/Sub with the simulator's token, and a channel that takes them."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.google_pubsub.signer import jwks, token
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.recorded import Remote, opened

AUDIENCE = "https://gateway.example/webhooks/pubsub"
ACCOUNT = "push@proj.iam.gserviceaccount.com"
SUBSCRIPTION = "projects/proj/subscriptions/gateway"
ADDRESS = "https://www.googleapis.com/oauth2/v3/certs"
SETTINGS = {"audience": AUDIENCE, "service_account": ACCOUNT, "subscriptions": [SUBSCRIPTION]}


def channel(**changes: Any) -> Any:
    return opened("google-pubsub", SETTINGS | changes)


def remote(**changes: Any) -> Remote:
    return Remote({ADDRESS: json.dumps(jwks() | changes)})


def envelope(content: bytes = b"hello", **changes: Any) -> dict[str, Any]:
    """Return a push's body; `changes` are laid over its message, None leaves a field out."""
    message = {
        "data": b64encode(content).decode(),
        "attributes": {"k": "v"},
        "messageId": "207",
        "publishTime": "2026-05-28T20:26:40Z",
    } | changes
    return {
        "message": {name: value for name, value in message.items() if value is not None},
        "subscription": SUBSCRIPTION,
    }


def bearer(**claims: Any) -> str:
    own: dict[str, Any] = {"audience": AUDIENCE, "email": ACCOUNT, "now": SECONDS}
    return token(**own | claims)


def push(body: Any = None, made: str | None = None, **headers: str) -> InboundRequest:
    """Return a delivery; `made` replaces the token, an empty one is left out."""
    raw = body if isinstance(body, bytes) else json.dumps(envelope() if body is None else body).encode()
    given = bearer() if made is None else made
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return delivery(raw, ({"Authorization": f"Bearer {given}"} if given else {}) | named)
