"""What the simulated Feishu sends: signed, encrypted, old cards in the old way."""

from __future__ import annotations

import json

from sandbox.platforms.feishu import signer as feishu
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


def test_feishu_events_are_signed_and_encrypted(firing: SandboxServer, gateway: StandIn) -> None:
    (result,) = fire(firing, channel="feishu", type="im.message.receive_v1", data={"event": {"extra": 1}})
    (seen,) = gateway.received
    assert seen.path == "/webhooks/feishu"
    settings = firing.settings
    expected = feishu.event_signature(
        seen.headers["x-lark-request-timestamp"],
        seen.headers["x-lark-request-nonce"],
        settings["FEISHU_ENCRYPT_KEY"],
        seen.body,
    )
    assert seen.headers["x-lark-signature"] == expected
    event = json.loads(feishu.decrypt(json.loads(seen.body)["encrypt"], settings["FEISHU_ENCRYPT_KEY"]))
    assert event["header"]["event_id"] == result["event_id"]
    assert event["header"]["token"] == settings["FEISHU_VERIFICATION_TOKEN"]
    assert event["event"]["extra"] == 1


def test_feishu_challenge_is_encrypted_but_not_signed(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="feishu", type="url_verification")
    assert "x-lark-signature" not in gateway.received[0].headers
    assert b"encrypt" in gateway.received[0].body


def test_old_cards_use_sha1_and_the_verification_token(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="feishu", type="card.action.trigger_v1")
    assert len(gateway.received[0].headers["x-lark-signature"]) == 40
    assert json.loads(gateway.received[0].body)["action"]["tag"] == "button"
