"""Ours against wechatpy, an independent implementation: what it encrypts we read, what we encrypt it reads."""

from __future__ import annotations

import pytest

wechatpy = pytest.importorskip("wechatpy", reason="the independent implementation is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from wechatpy.crypto import WeChatCrypto  # noqa: E402

from sandbox import tencent_messages as signer  # noqa: E402
from tests.platforms.callback_cases import answered, received  # noqa: E402
from tests.platforms.wechat_component.component import (  # noqa: E402
    ACCOUNT,
    AES_KEY,
    APP_ID,
    NONCE,
    STAMP,
    TOKEN,
    component,
    message,
    own_event,
    request_for,
    sent,
)

UNTIMED = settings(deadline=None)
TEXT = st.text(st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cn")), max_size=400)


def sealed_by_oracle(text: bytes) -> str:
    body: str = WeChatCrypto(TOKEN, AES_KEY, APP_ID).encrypt_message(text.decode(), NONCE, STAMP)
    return body.split("<Encrypt><![CDATA[")[1].split("]]>", maxsplit=1)[0]


@UNTIMED
@given(st.from_regex("ticket@@@[a-zA-Z0-9_-]{1,200}", fullmatch=True))
def test_a_ticket_that_the_oracle_encrypts_is_read(ticket: str) -> None:
    text = own_event("component_verify_ticket", ComponentVerifyTicket=ticket)
    _, event = received(component(), request_for(sealed_by_oracle(text)))
    assert event.data["ComponentVerifyTicket"] == ticket


@UNTIMED
@given(st.integers(1, 2**63))
def test_a_message_that_the_oracle_encrypts_is_read(number: int) -> None:
    _, event = received(component(), request_for(sealed_by_oracle(message(MsgId=number)), ACCOUNT))
    assert event.key == f"{ACCOUNT}:{number}"


@UNTIMED
@given(TEXT.filter(str.strip))
def test_what_we_encrypt_the_oracle_reads(text: str) -> None:
    reply = answered(component(), sent(message(), ACCOUNT), text).body.decode()
    stamp = reply.split("<TimeStamp>")[1].split("</TimeStamp>")[0]
    signature = reply.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    opened = WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(reply, signature, stamp, NONCE)
    assert signer.parse_xml(opened)["ToUserName"] == "oOpenId01"
