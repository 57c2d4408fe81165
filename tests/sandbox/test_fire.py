"""What is fired at the gateway verifies there, and repeats and orders as asked."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import jwt
import pytest
import requests
from flask import Response
from standardwebhooks import Webhook
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from sandbox.events import SAMPLES
from sandbox.signers import feishu, wechat
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer


def fire(server: SandboxServer, **order: Any) -> list[dict[str, Any]]:
    answer = requests.post(f"{server.url}/_sandbox/fire", json=order, timeout=15)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()
    return results


def opened(server: SandboxServer, seen: Received) -> dict[str, Any]:
    settings = server.settings
    crypto = WeChatCrypto(settings.wechat_token, settings.wechat_encoding_aes_key, settings.wechat_app_id)
    body = wechat.parse_body(seen.body)
    query = seen.query
    text = crypto.decrypt_message(
        {"Encrypt": body["Encrypt"]}, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return wechat.parse_body(text.encode())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.platform}-{sample.type}")
def test_every_sample_can_be_fired(firing: SandboxServer, gateway: StandIn, sample: Any) -> None:
    (result,) = fire(firing, channel=sample.platform, type=sample.type)
    assert (result["status"], result["body"]) == (200, "success")
    assert result["event_id"] or sample.type == "url_verification"
    assert len(gateway.received) == 1


def test_feishu_events_are_signed_and_encrypted(firing: SandboxServer, gateway: StandIn) -> None:
    (result,) = fire(firing, channel="feishu", type="im.message.receive_v1", data={"event": {"extra": 1}})
    (seen,) = gateway.received
    assert seen.path == "/webhooks/feishu"
    settings = firing.settings
    expected = feishu.event_signature(
        seen.headers["x-lark-request-timestamp"],
        seen.headers["x-lark-request-nonce"],
        settings.feishu_encrypt_key,
        seen.body,
    )
    assert seen.headers["x-lark-signature"] == expected
    event = json.loads(feishu.decrypt(json.loads(seen.body)["encrypt"], settings.feishu_encrypt_key))
    assert event["header"]["event_id"] == result["event_id"]
    assert event["header"]["token"] == settings.feishu_verification_token
    assert event["event"]["extra"] == 1


def test_feishu_challenge_is_encrypted_but_not_signed(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="feishu", type="url_verification")
    assert "x-lark-signature" not in gateway.received[0].headers
    assert b"encrypt" in gateway.received[0].body


def test_old_cards_use_sha1_and_the_verification_token(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="feishu", type="card.action.trigger_v1")
    assert len(gateway.received[0].headers["x-lark-signature"]) == 40
    assert json.loads(gateway.received[0].body)["action"]["tag"] == "button"


@pytest.mark.parametrize("data_format", ["xml", "json"])
def test_safe_mode_hides_the_message(firing: SandboxServer, gateway: StandIn, data_format: str) -> None:
    fire(firing, channel="wechat", type="message.text", data={"Content": "绑定 X"}, format=data_format)
    (seen,) = gateway.received
    assert set(wechat.parse_body(seen.body)) == {"ToUserName", "Encrypt"}
    assert opened(firing, seen)["Content"] == "绑定 X"


def test_compatible_mode_shows_and_encrypts(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="wechat", type="subscribe", mode="compatible")
    (seen,) = gateway.received
    assert wechat.parse_body(seen.body)["Event"] == "subscribe"
    assert opened(firing, seen)["Event"] == "subscribe"


def test_plain_mode_carries_only_the_plain_signature(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="wechat", type="CLICK", mode="plain")
    query = gateway.received[0].query
    check_signature(firing.settings.wechat_token, query["signature"], query["timestamp"], query["nonce"])
    assert "encrypt_type" not in query


def test_wechat_address_check_is_a_get(firing: SandboxServer, gateway: StandIn) -> None:
    gateway.answer = lambda seen: Response(seen.query["echostr"])
    (result,) = fire(firing, channel="wechat", type="url_verification")
    assert gateway.received[0].method == "GET"
    assert result["body"] == result["event_id"]


def test_an_encrypted_reply_is_opened(firing: SandboxServer, gateway: StandIn) -> None:
    settings = firing.settings
    crypto = WeChatCrypto(settings.wechat_token, settings.wechat_encoding_aes_key, settings.wechat_app_id)
    reply = "<xml><MsgType>text</MsgType><Content>好的</Content></xml>"
    gateway.answer = lambda _: Response(crypto.encrypt_message(reply, "n", "1700000000"))
    (result,) = fire(firing, channel="wechat", type="message.text")
    assert result["reply"]["Content"] == "好的"


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
        claims = jwt.decode(value, firing.settings.callback_secret, algorithms=["HS256"])
        assert claims["body_sha256"] == hashlib.sha256(seen.body).hexdigest()


def test_standard_webhooks_verify_with_the_library(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="billing", platform="standard-webhooks", type="invoice.paid")
    (seen,) = gateway.received
    assert seen.path == "/webhooks/billing"
    data = Webhook(firing.settings.standard_webhooks_secret).verify(seen.body, seen.headers)
    assert data["type"] == "invoice.paid"


@pytest.mark.parametrize("order", [{"channel": "webhooks"}, {"platform": "standard-webhooks"}])
def test_a_channel_named_otherwise_is_known(
    firing: SandboxServer, gateway: StandIn, order: dict[str, str]
) -> None:
    fire(firing, type="invoice.paid", **order)
    assert gateway.received[0].path == "/webhooks/webhooks"


def test_count_makes_different_events_and_duplicate_repeats_bytes(
    firing: SandboxServer, gateway: StandIn
) -> None:
    results = fire(firing, channel="wechat", type="SCAN", count=3, duplicate=1)
    assert len({result["event_id"] for result in results}) == 3
    assert len({seen.body for seen in gateway.received}) == 3
    assert gateway.received[0].body == gateway.received[1].body


def test_reorder_sends_the_last_event_first(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="wechat", type="message.text", count=2, reorder=True, mode="plain")
    times = [int(wechat.parse_body(seen.body)["CreateTime"]) for seen in gateway.received]
    assert times == sorted(times, reverse=True)
    assert times[0] != times[1]


def test_parallel_sends_side_by_side(firing: SandboxServer, gateway: StandIn) -> None:
    def slow(_: Received) -> Response:
        time.sleep(0.2)
        return Response("success")

    gateway.answer = slow
    started = time.monotonic()
    assert len(fire(firing, channel="callback", type="payment_notify", duplicate=9, parallel=10)) == 10
    assert time.monotonic() - started < 1.5


def test_a_scripted_duplicate_repeats_the_next_event(firing: SandboxServer, gateway: StandIn) -> None:
    firing.state.faults.add("fire.feishu", "duplicate", 1, copies=2)
    assert len(fire(firing, channel="feishu", type="p2p_chat_create")) == 3
    assert len(fire(firing, channel="feishu", type="p2p_chat_create")) == 1


def test_a_silent_gateway_is_status_zero(sandbox: SandboxServer) -> None:
    with SandboxServer(gateway_url="http://127.0.0.1:9") as lonely:
        (result,) = fire(lonely, channel="feishu", type="p2p_chat_create")
    assert (result["status"], result["body"]) == (0, "ConnectionError")


@pytest.mark.parametrize(
    "order",
    [
        {"channel": "nobody", "type": "x"},
        {"channel": "feishu", "type": "x"},
        {"channel": "feishu", "type": "url_verification", "count": 0},
        {"channel": "feishu", "type": "url_verification", "data": []},
        {"channel": "callback", "type": "payment_notify", "scheme": "none"},
    ],
)
def test_a_bad_order_is_explained(sandbox: SandboxServer, order: dict[str, Any]) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/fire", json=order, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["message"]
