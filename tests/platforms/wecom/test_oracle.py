"""Ours against wechatpy, an independent implementation: what it encrypts we read, what we encrypt it reads."""

from __future__ import annotations

import pytest

wechatpy = pytest.importorskip("wechatpy", reason="the independent implementation is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from wechatpy.work import WeChatClient  # noqa: E402
from wechatpy.work.crypto import WeChatCrypto  # noqa: E402

from sandbox import tencent_messages as signer  # noqa: E402
from tests.platforms.wecom.application import (  # noqa: E402
    AES_KEY,
    CORP_ID,
    NONCE,
    NOW,
    STAMP,
    TOKEN,
    answered,
    application,
    check_of_address,
    inbound,
    query_for,
    received,
    sent,
    xml,
)
from tests.platforms.wecom.simulator_client import app_token  # noqa: E402
from tests.sandbox.server import SandboxServer  # noqa: E402

UNTIMED = settings(deadline=None)
TEXT = st.text(st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cn")), max_size=400)


def oracle() -> WeChatCrypto:
    return WeChatCrypto(TOKEN, AES_KEY, CORP_ID)


@UNTIMED
@given(TEXT)
def test_what_the_oracle_encrypts_is_read(text: str) -> None:
    message = xml(MsgId="7").decode().replace("</xml>", f"<!-- {len(text)} --></xml>")
    body = oracle().encrypt_message(message, NONCE, STAMP)
    ciphertext = body.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    verified, event = received(application(), inbound(query_for(ciphertext), body.encode()))
    assert verified.plaintext == message.encode()
    assert event.key == f"7:zhangsan:{STAMP}"


@UNTIMED
@given(TEXT.filter(str.strip))
def test_what_we_encrypt_the_oracle_reads(text: str) -> None:
    reply = answered(application(), sent(xml()), text).body.decode()
    stamp = reply.split("<TimeStamp>")[1].split("</TimeStamp>")[0]
    signature = reply.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    opened = oracle().decrypt_message(reply, signature, stamp, NONCE)
    assert signer.parse_xml(opened)["ToUserName"] == "zhangsan"


@UNTIMED
@given(st.integers(0, 10**19))
def test_the_oracle_reads_the_same_echo(number: int) -> None:
    request = check_of_address(str(number).encode())
    reply = application().challenge(request, application().verify(request, NOW))
    theirs = oracle().check_signature(request.query("msg_signature"), STAMP, NONCE, request.query("echostr"))
    assert reply is not None
    assert reply.body.decode() == theirs


def test_what_the_oracle_sends_as_the_application_arrives(sandbox: SandboxServer) -> None:
    own = sandbox.settings
    token = app_token(sandbox)["access_token"]
    client = WeChatClient(own["WECOM_CORP_ID"], own["WECOM_SECRET"], access_token=token)
    client.API_BASE_URL = f"{sandbox.url}/wecom/cgi-bin/"
    answer = client.message.send_text(int(own["WECOM_AGENT_ID"]), ["maya", "ghost"], "hello")
    assert (answer["errcode"], answer["invaliduser"]) == (0, "ghost")
    client.message.send_markdown(int(own["WECOM_AGENT_ID"]), ["maya"], "**hi**")
    found = [(message.kind, message.text) for message in sandbox.state.inbox.of("wecom", "user:maya")]
    assert found == [("text", "hello"), ("markdown", "**hi**")]
