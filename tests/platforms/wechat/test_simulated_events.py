"""What the simulated official account sends: three modes, two formats, checks of the address, opened replies."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from sandbox.platforms.wechat import signer as wechat
from tests.sandbox.clients import fire
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer


def opened(server: SandboxServer, seen: Received) -> dict[str, Any]:
    settings = server.settings
    crypto = WeChatCrypto(
        settings["WECHAT_TOKEN"], settings["WECHAT_ENCODING_AES_KEY"], settings["WECHAT_APP_ID"]
    )
    body = wechat.parse_body(seen.body)
    query = seen.query
    text = crypto.decrypt_message(
        {"Encrypt": body["Encrypt"]}, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    return wechat.parse_body(text.encode())


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
    check_signature(firing.settings["WECHAT_TOKEN"], query["signature"], query["timestamp"], query["nonce"])
    assert "encrypt_type" not in query


def test_wechat_address_check_is_a_get(firing: SandboxServer, gateway: StandIn) -> None:
    gateway.answer = lambda seen: Response(seen.query["echostr"])
    (result,) = fire(firing, channel="wechat", type="url_verification")
    assert gateway.received[0].method == "GET"
    assert result["body"] == result["event_id"]


def test_an_encrypted_reply_is_opened(firing: SandboxServer, gateway: StandIn) -> None:
    settings = firing.settings
    crypto = WeChatCrypto(
        settings["WECHAT_TOKEN"], settings["WECHAT_ENCODING_AES_KEY"], settings["WECHAT_APP_ID"]
    )
    reply = "<xml><MsgType>text</MsgType><Content>好的</Content></xml>"
    gateway.answer = lambda _: Response(crypto.encrypt_message(reply, "n", "1700000000"))
    (result,) = fire(firing, channel="wechat", type="message.text")
    assert result["reply"]["Content"] == "好的"


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
