"""Envelopes and signatures as an independent library makes and takes them: wechatpy, whose WeChat envelope is the same as DingTalk's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.values import Outcome, Situation
from tests.platforms.dingtalk.channel import (
    AES_KEY,
    APP_KEY,
    NONCE,
    NOW,
    TIMESTAMP,
    TOKEN,
    connector,
    delivery,
    event,
    parsed,
    sealed,
)

wechatpy = pytest.importorskip("wechatpy.crypto")


def library() -> Any:
    return wechatpy.WeChatCrypto(TOKEN, AES_KEY, APP_KEY)


@pytest.mark.parametrize("size", range(0, 70, 3))
def test_an_event_that_the_library_seals_is_opened_whatever_its_length(size: int) -> None:
    plain = event(note="字" * size)
    text = wechatpy.PrpCrypto(library().key).encrypt(plain.decode(), APP_KEY).decode()
    signature = wechatpy._get_signature(TOKEN, TIMESTAMP, NONCE, text)
    query = {"signature": signature, "timestamp": TIMESTAMP, "nonce": NONCE}
    assert parsed(delivery(json.dumps({"encrypt": text}).encode(), query)).data["note"] == "字" * size


def test_our_answer_is_opened_by_the_library() -> None:
    source, request = connector(), sealed(event())
    verified = source.verify(request, NOW)
    outcome = Outcome(Situation.ACCEPTED, "e", source.parse(request, verified))
    content = json.loads(source.acknowledge(request, verified, outcome).body)
    signed = (content["timeStamp"], content["nonce"], content["encrypt"])
    assert wechatpy._get_signature(TOKEN, *signed) == content["msg_signature"]
    assert wechatpy.PrpCrypto(library().key).decrypt(content["encrypt"], APP_KEY) == "success"
