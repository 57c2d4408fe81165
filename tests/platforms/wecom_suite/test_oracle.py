"""Ours against wechatpy, an independent implementation: what it encrypts we read, what we encrypt it reads."""

from __future__ import annotations

import pytest

wechatpy = pytest.importorskip("wechatpy", reason="the independent implementation is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from wechatpy.work.crypto import WeChatCrypto  # noqa: E402

from sandbox import tencent_messages as signer  # noqa: E402
from tests.platforms.callback_cases import NOW, answered, received  # noqa: E402
from tests.platforms.wecom_suite.suite import (  # noqa: E402
    AES_KEY,
    COMPANY,
    NONCE,
    PROVIDER,
    STAMP,
    SUITE_ID,
    TOKEN,
    command,
    encrypted,
    message,
    of_company,
    proven,
    suite,
)

UNTIMED = settings(deadline=None)
TEXT = st.text(st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cn")), max_size=400)


def sealed_by_oracle(text: bytes, receive_id: str) -> str:
    body: str = WeChatCrypto(TOKEN, AES_KEY, receive_id).encrypt_message(text.decode(), NONCE, STAMP)
    return body.split("<Encrypt><![CDATA[")[1].split("]]>", maxsplit=1)[0]


@UNTIMED
@given(st.from_regex("[a-zA-Z0-9_-]{1,200}", fullmatch=True))
def test_a_ticket_that_the_oracle_encrypts_is_read(ticket: str) -> None:
    ciphertext = sealed_by_oracle(command("suite_ticket", SuiteTicket=ticket), SUITE_ID)
    _, event = received(suite(), proven(ciphertext))
    assert event.data["SuiteTicket"] == ticket


@UNTIMED
@given(st.integers(1, 2**63))
def test_a_message_that_the_oracle_encrypts_is_read(number: int) -> None:
    ciphertext = sealed_by_oracle(message(MsgId=number), COMPANY)
    _, event = received(suite(), proven(ciphertext, f"/webhooks/suite/{COMPANY}", to=COMPANY))
    assert event.key == f"{COMPANY}:{number}"


@UNTIMED
@given(TEXT.filter(str.strip))
def test_what_we_encrypt_the_oracle_reads(text: str) -> None:
    reply = answered(suite(), of_company(message()), text).body.decode()
    stamp = reply.split("<TimeStamp>")[1].split("</TimeStamp>")[0]
    signature = reply.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    opened = WeChatCrypto(TOKEN, AES_KEY, COMPANY).decrypt_message(reply, signature, stamp, NONCE)
    assert signer.parse_xml(opened)["ToUserName"] == "zhangsan"


@UNTIMED
@given(st.integers(0, 10**19))
def test_the_oracle_reads_the_same_echo(number: int) -> None:
    request = proven(encrypted(str(number).encode(), PROVIDER), method="GET")
    reply = suite().challenge(request, suite().verify(request, NOW))
    theirs = WeChatCrypto(TOKEN, AES_KEY, PROVIDER).check_signature(
        request.query("msg_signature"), STAMP, NONCE, request.query("echostr")
    )
    assert reply is not None
    assert reply.body.decode() == theirs
