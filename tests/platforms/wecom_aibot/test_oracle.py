"""Ours against wechatpy, an independent implementation: what it encrypts for nobody we read, what we encrypt it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

wechatpy = pytest.importorskip("wechatpy", reason="the independent implementation is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from wechatpy.work.crypto import WeChatCrypto  # noqa: E402

from tests.platforms.callback_cases import NOW, answered, received  # noqa: E402
from tests.platforms.wecom_aibot.bot import (  # noqa: E402
    AES_KEY,
    BOT,
    NONCE,
    STAMP,
    TOKEN,
    bot,
    encrypted,
    message,
    proven,
    sent,
)

UNTIMED = settings(deadline=None)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=400)


def oracle() -> WeChatCrypto:
    return WeChatCrypto(TOKEN, AES_KEY, "")


def between(text: str, start: str, end: str) -> str:
    return text.split(start, maxsplit=1)[1].split(end, maxsplit=1)[0]


@UNTIMED
@given(TEXT)
def test_what_the_oracle_encrypts_is_read(text: str) -> None:
    told = message(text={"content": text}).decode()
    sealed: str = oracle().encrypt_message(told, NONCE, STAMP)
    request = proven(between(sealed, "<Encrypt><![CDATA[", "]]>"))
    assert request.query("msg_signature") == between(sealed, "<MsgSignature><![CDATA[", "]]>")
    _, happened = received(bot(), request)
    assert (happened.key, happened.data["text"]) == (f"{BOT}:CAIQ16HM/NGag=", {"content": text})


@UNTIMED
@given(TEXT.filter(str.strip))
def test_what_we_encrypt_the_oracle_reads(text: str) -> None:
    outer: dict[str, Any] = json.loads(answered(bot(), sent(message()), text).body)
    inner = oracle().decrypt_message(
        {"Encrypt": outer["encrypt"]}, outer["msgsignature"], str(outer["timestamp"]), outer["nonce"]
    )
    assert json.loads(inner)["stream"]["content"] == text


@UNTIMED
@given(st.integers(0, 10**19))
def test_the_oracle_reads_the_same_echo(number: int) -> None:
    request = proven(encrypted(str(number).encode()), method="GET")
    reply = bot().challenge(request, bot().verify(request, NOW))
    theirs = oracle().check_signature(request.query("msg_signature"), STAMP, NONCE, request.query("echostr"))
    assert reply is not None
    assert reply.body.decode() == theirs
