"""What the simulated callbacks carry, in each of the four schemes."""

from __future__ import annotations

import hashlib
import json

import jwt
import pytest

from app.platforms.callback.envelope import open_sealed
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


@pytest.mark.parametrize("scheme", ["body", "timestamp-nonce", "token", "jwt"])
def test_the_unified_callback_knows_four_schemes(
    firing: SandboxServer, gateway: StandIn, scheme: str
) -> None:
    fire(firing, channel="callback", type="payment_notify", scheme=scheme)
    (seen,) = gateway.received
    assert seen.path == "/api/v1/platform/callback"
    assert seen.headers["x-event-type"] == json.loads(seen.body)["event_type"] == "payment_notify"
    proof = {"token": "x-token", "jwt": "authorization"}.get(scheme, "x-signature")
    assert seen.headers[proof]
    if scheme == "jwt":
        value = seen.headers[proof].removeprefix("Bearer ")
        claims = jwt.decode(value, firing.settings["CALLBACK_SECRET"], algorithms=["HS256"])
        assert claims["body_sha256"] == hashlib.sha256(seen.body).hexdigest()


@pytest.mark.parametrize("scheme", ["body", "timestamp-nonce", "token", "jwt"])
def test_a_sealed_sample_shows_nothing_of_what_is_inside(
    firing: SandboxServer, gateway: StandIn, scheme: str
) -> None:
    fire(firing, channel="callback", type="payment_notify", scheme=scheme, encrypted=True)
    (seen,) = gateway.received
    assert b"payment_notify" not in seen.body
    assert list(json.loads(seen.body)) == ["encrypt"]
    key = hashlib.sha256(firing.settings["CALLBACK_SECRET"].encode()).digest()
    _, content = open_sealed([key], seen.body)
    assert content["event_type"] == seen.headers["x-event-type"] == "payment_notify"
