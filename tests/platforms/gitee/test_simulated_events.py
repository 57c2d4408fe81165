"""What the simulated Gitee sends, over HTTP, is understood by a channel of the same mode and of no other."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from app.core.errors import VerificationError
from sandbox.platforms.gitee.firing import CALLBACKS, PING
from tests.platforms.deliveries import delivery
from tests.platforms.gitee.signing import channel
from tests.platforms.gitee.test_proof import by_hand
from tests.sandbox.clients import fire
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples if sample.type != PING]


def understood(seen: Received, secret: str, **keys: Any) -> tuple[str, bool]:
    source, request = channel(secret=secret, **keys), delivery(seen.body, seen.headers)
    verified = source.verify(request, datetime.now(UTC))
    return source.parse(request, verified).type, verified.is_challenge


def test_every_sample_is_signed_and_understood(firing: SandboxServer, gateway: StandIn) -> None:
    secret = firing.settings["GITEE_WEBHOOK_SECRET"]
    for kind in TYPES:
        (result,) = fire(firing, channel="ge", platform="gitee", type=kind)
        seen = gateway.received.pop()
        assert result["event_id"] == f"sha256:{sha256(seen.body).hexdigest()}"
        assert seen.headers["x-gitee-token"] == by_hand(secret, int(seen.headers["x-gitee-timestamp"]))
        assert understood(seen, secret) == (kind, False)


@pytest.mark.parametrize(("sent", "taken"), [("escaped", "signature"), ("password", "password")])
def test_the_mode_can_be_chosen(firing: SandboxServer, gateway: StandIn, sent: str, taken: str) -> None:
    secret = firing.settings["GITEE_WEBHOOK_SECRET"]
    fire(firing, channel="ge", platform="gitee", type="Push Hook", mode=sent)
    (seen,) = gateway.received
    assert understood(seen, secret, mode=taken) == ("Push Hook", False)
    with pytest.raises(VerificationError):
        understood(seen, secret, mode="password" if taken == "signature" else "signature")


def test_the_test_is_known_as_one(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="ge", platform="gitee", type=PING)
    (seen,) = gateway.received
    assert understood(seen, firing.settings["GITEE_WEBHOOK_SECRET"]) == (PING, True)
