"""What the simulated WeCom sends to a bot is what the gateway's connector and wechatpy read, and its replies are opened."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from flask import Response
from wechatpy.work.crypto import WeChatCrypto

from app.core.values import InboundRequest, Outcome, Situation
from app.platforms.wecom_aibot import PLATFORM
from app.platforms.wecom_aibot.callbacks import AibotCallbacks
from tests.platforms.callback_cases import NOW, is_owned, received
from tests.platforms.fired import sample_channel, types_of
from tests.platforms.wecom_aibot.bot import (
    bot,
)
from tests.sandbox.clients import fire
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer

EVENTS = [kind for kind in types_of("wecom-aibot") if kind != "url_verification"]


def crypto(server: SandboxServer) -> WeChatCrypto:
    own = server.settings
    return WeChatCrypto(own["WECOM_AIBOT_TOKEN"], own["WECOM_AIBOT_ENCODING_AES_KEY"], "")


def sample_bot() -> AibotCallbacks:
    opened = PLATFORM.open("x", PLATFORM.settings.model_validate(sample_channel("wecom-aibot")))
    assert isinstance(opened, AibotCallbacks)
    return opened


def request_of(seen: Received) -> InboundRequest:
    return InboundRequest(seen.method, seen.path, urlencode(seen.query), (), seen.body, "203.0.113.9", NOW)


def test_every_sample_is_ours_and_has_the_type_it_is_offered_as(
    firing: SandboxServer, gateway: StandIn
) -> None:
    told = [fire(firing, channel="wecom-aibot", type=kind)[0]["event_id"] for kind in EVENTS]
    taken = [received(sample_bot(), request_of(seen)) for seen in gateway.received]
    assert [happened.type for _, happened in taken] == EVENTS
    assert all(is_owned(verified) for verified, _ in taken)
    assert [str(happened.key).rpartition(":")[2] for _, happened in taken] == told


def test_a_redelivery_is_known_by_its_key(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="wecom-aibot", type="message.text", duplicate=1)
    first, second = (received(sample_bot(), request_of(seen))[1].key for seen in gateway.received)
    assert first == second


def test_the_envelope_is_opened_by_wechatpy(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, channel="wecom-aibot", type="message.text", data={"text": {"content": "你好"}})
    (seen,) = gateway.received
    outer, query = json.loads(seen.body), seen.query
    assert list(outer) == ["encrypt"]
    text = crypto(firing).decrypt_message(
        {"Encrypt": outer["encrypt"]}, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    assert json.loads(text)["text"] == {"content": "你好"}


def test_the_check_of_an_address_is_an_encrypted_get(firing: SandboxServer, gateway: StandIn) -> None:
    def answer(seen: Received) -> Response:
        request = request_of(seen)
        reply = sample_bot().challenge(request, sample_bot().verify(request, NOW))
        assert reply is not None
        return Response(reply.body)

    gateway.answer = answer
    (result,) = fire(firing, channel="wecom-aibot", type="url_verification")
    assert gateway.received[0].method == "GET"
    assert result["body"] == result["event_id"]


def test_a_reply_of_the_gateway_is_opened(firing: SandboxServer, gateway: StandIn) -> None:
    def answer(seen: Received) -> Response:
        request = request_of(seen)
        verified, happened = received(sample_bot(), request)
        outcome = Outcome(Situation.SUCCESS, "evt", happened, data="好的", now=NOW)
        return Response(sample_bot().acknowledge(request, verified, outcome).body)

    gateway.answer = answer
    (result,) = fire(firing, channel="wecom-aibot", type="message.text")
    assert result["reply"]["stream"]["content"] == "好的"


@pytest.mark.parametrize("spoil", ["msgsignature", "timestamp", "nonce", "encrypt"])
def test_a_reply_that_is_wrong_is_told(firing: SandboxServer, gateway: StandIn, spoil: str) -> None:
    def answer(seen: Received) -> Response:
        request = request_of(seen)
        verified, happened = received(sample_bot(), request)
        outcome = Outcome(Situation.SUCCESS, "evt", happened, data="hi", now=NOW)
        outer = json.loads(sample_bot().acknowledge(request, verified, outcome).body)
        return Response(json.dumps(outer | {spoil: f"{outer[spoil]}0"}))

    gateway.answer = answer
    (result,) = fire(firing, channel="wecom-aibot", type="message.text")
    assert "reply_problem" in result


def test_another_bot_is_not_taken_for_the_sample(firing: SandboxServer, gateway: StandIn) -> None:
    own = firing.settings
    fire(firing, channel="wecom-aibot", type="message.text")
    keys = {"token": own["WECOM_AIBOT_TOKEN"], "encoding_aes_key": own["WECOM_AIBOT_ENCODING_AES_KEY"]}
    assert not is_owned(bot(**keys).verify(request_of(gateway.received[0]), NOW))
