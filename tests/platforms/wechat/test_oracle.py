"""Ours against wechatpy, an independent implementation: what it encrypts we read, what we encrypt it reads."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

wechatpy = pytest.importorskip("wechatpy", reason="the independent implementation is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from wechatpy.crypto import WeChatCrypto  # noqa: E402
from wechatpy.replies import TextReply  # noqa: E402
from wechatpy.utils import check_signature  # noqa: E402

from app.wire.wechat_family.crypto import decode_aes_key, wechat_signature  # noqa: E402
from tests.platforms.wechat.account import (  # noqa: E402
    AES_KEY,
    APP_ID,
    CASES,
    TOKEN,
    answered,
    inbound,
    received,
    safe_account,
)
from tests.platforms.wechat.signing import WechatSigner, sha1_of_sorted, xml_message  # noqa: E402

UNTIMED = settings(deadline=None)
NONCE = "n0nce123"
STAMP = "1700000000"
TEXT = st.text(st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cn")), max_size=400)


def sealed_by_oracle(message: str) -> tuple[str, bytes]:
    body = WeChatCrypto(TOKEN, AES_KEY, APP_ID).encrypt_message(message, NONCE, STAMP)
    ciphertext = body.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    signer = WechatSigner()
    return signer.query(msg_signature=sha1_of_sorted(TOKEN, STAMP, NONCE, ciphertext)), body.encode()


def fields(xml: str) -> dict[str, str | None]:
    return {child.tag: child.text for child in ET.fromstring(xml)}


@UNTIMED
@given(TEXT)
def test_what_the_oracle_encrypts_is_read(text: str) -> None:
    message = xml_message(MsgId="7").decode().replace("</xml>", f"<!-- {len(text)} --></xml>")
    query, body = sealed_by_oracle(message)
    verified, event = received(safe_account(), inbound(query, body))
    assert verified.plaintext == message.encode()
    assert event.key == "7:oTestOpenId_0000000000000001:1700000000"


@UNTIMED
@given(TEXT.filter(str.strip))
def test_what_we_encrypt_the_oracle_reads(text: str) -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(xml_message())
    body = f"<xml><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>".encode()
    reply = answered(safe_account(), inbound(signer.sealed_query(ciphertext), body), text).body.decode()
    stamp = reply.split("<TimeStamp>")[1].split("</TimeStamp>")[0]
    signature = reply.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
    opened = WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(reply, signature, stamp, signer.nonce)
    assert fields(opened)["ToUserName"] == "oTestOpenId_0000000000000001"
    assert fields(opened)["Content"] == text.encode()[:2048].decode("utf-8", "ignore")


def test_reply_of_the_oracle_has_the_elements_of_ours() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(xml_message())
    body = f"<xml><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>".encode()
    sealed = answered(safe_account(), inbound(signer.sealed_query(ciphertext), body), "hi").body.decode()
    ours = signer.decrypt(sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]).decode()
    theirs = TextReply(
        content="hi", source="gh_0123456789ab", target="oTestOpenId_0000000000000001", time=1700000005
    )
    assert fields(ours) == fields(theirs.render())


@UNTIMED
@given(st.text(max_size=20), st.text(max_size=20))
def test_signature_is_the_one_the_oracle_checks(timestamp: str, nonce: str) -> None:
    signature = wechat_signature(TOKEN.encode(), timestamp.encode(), nonce.encode())
    assert check_signature(TOKEN, signature, timestamp, nonce) is None


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "aes_key" in case])
def test_key_of_every_sample_is_the_key_of_the_oracle(name: str) -> None:
    case = CASES[name]
    oracle = WeChatCrypto(case["token"], case["aes_key"], case["receive_id"])
    assert decode_aes_key(case["aes_key"]) == oracle.key
