"""What the simulated WeCom sends is what the gateway's connector and wechatpy read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Response
from wechatpy.work.crypto import WeChatCrypto

from app.core.values import ParsedEvent
from sandbox.platforms import by_slug
from sandbox.tencent_messages import parse_body
from tests.platforms.wecom.application import NOW, application, inbound
from tests.sandbox.clients import fire
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer

CALLBACKS = by_slug()["wecom"].callbacks
assert CALLBACKS is not None
EVENTS = [sample.type for sample in CALLBACKS.samples if sample.type != "url_verification"]


def crypto(server: SandboxServer) -> WeChatCrypto:
    own = server.settings
    return WeChatCrypto(own["WECOM_TOKEN"], own["WECOM_ENCODING_AES_KEY"], own["WECOM_CORP_ID"])


def parsed(server: SandboxServer, seen: Received) -> ParsedEvent:
    own = server.settings
    connector = application(
        corp_id=own["WECOM_CORP_ID"], token=own["WECOM_TOKEN"], encoding_aes_key=own["WECOM_ENCODING_AES_KEY"]
    )
    request = inbound(urlencode(seen.query), seen.body)
    return connector.parse(request, connector.verify(request, NOW))


def test_every_sample_has_the_type_it_is_offered_as(firing: SandboxServer, gateway: StandIn) -> None:
    for event_type in EVENTS:
        fire(firing, channel="wecom", type=event_type)
    assert [parsed(firing, seen).type for seen in gateway.received] == EVENTS


@pytest.mark.parametrize("data_format", ["xml", "json"])
def test_the_envelope_is_opened_by_wechatpy(
    firing: SandboxServer, gateway: StandIn, data_format: str
) -> None:
    fire(firing, channel="wecom", type="message.text", data={"Content": "你好"}, format=data_format)
    (seen,) = gateway.received
    sealed: dict[str, Any] = parse_body(seen.body)
    query = seen.query
    text = crypto(firing).decrypt_message(
        {"Encrypt": sealed["Encrypt"]}, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    assert parse_body(text.encode())["Content"] == "你好"


def test_the_check_of_an_address_is_an_encrypted_get(firing: SandboxServer, gateway: StandIn) -> None:
    def answer(seen: Received) -> Response:
        query = seen.query
        echo = crypto(firing).check_signature(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        )
        return Response(echo)

    gateway.answer = answer
    (result,) = fire(firing, channel="wecom", type="url_verification")
    assert gateway.received[0].method == "GET"
    assert result["body"] == result["event_id"]


def test_an_encrypted_reply_is_opened(firing: SandboxServer, gateway: StandIn) -> None:
    reply = "<xml><MsgType>text</MsgType><Content>好的</Content></xml>"
    gateway.answer = lambda _: Response(crypto(firing).encrypt_message(reply, "n", "1700000000"))
    (result,) = fire(firing, channel="wecom", type="message.text")
    assert result["reply"]["Content"] == "好的"
