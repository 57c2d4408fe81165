"""WeChat signing and encryption against published vectors and against wechatpy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from sandbox.platforms.wechat import signer as wechat

VECTORS = Path(__file__).with_name("vectors.json")
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["cases"]
ENCRYPTED = [case for case in CASES if "encrypt" in case]
SIGNED = [case for case in CASES if "signature" in case and "timestamp" in case]
TOKEN, KEY, APP = "gatewayToken01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx1234567890abcdef"


@pytest.mark.parametrize("case", SIGNED, ids=lambda case: case["id"])
def test_plain_signature_matches_the_vector(case: dict[str, Any]) -> None:
    assert wechat.signature(case["token"], case["timestamp"], case["nonce"]) == case["signature"]


@pytest.mark.parametrize("case", ENCRYPTED, ids=lambda case: case["id"])
def test_message_signature_matches_the_vector(case: dict[str, Any]) -> None:
    signed = wechat.message_signature(case["token"], case["timestamp"], case["nonce"], case["encrypt"])
    assert signed == case["msg_signature"]


@pytest.mark.parametrize("case", ENCRYPTED, ids=lambda case: case["id"])
def test_encryption_matches_the_vector_both_ways(case: dict[str, Any]) -> None:
    plain = case["plain"].encode()
    random16 = case["random16"].encode()
    assert wechat.encrypt(plain, case["aes_key"], case["receive_id"], random16) == case["encrypt"]
    assert wechat.decrypt(case["encrypt"], case["aes_key"], case["receive_id"]) == plain


def test_wechatpy_opens_what_we_encrypt() -> None:
    encrypted = wechat.encrypt("<xml>你好</xml>".encode(), KEY, APP)
    signed = wechat.message_signature(TOKEN, "1700000000", "n", encrypted)
    opened = WeChatCrypto(TOKEN, KEY, APP).decrypt_message({"Encrypt": encrypted}, signed, "1700000000", "n")
    assert opened == "<xml>你好</xml>"


def test_wechatpy_accepts_our_plain_signature() -> None:
    check_signature(TOKEN, wechat.signature(TOKEN, "1700000000", "n"), "1700000000", "n")


def test_we_open_the_reply_that_wechatpy_encrypts() -> None:
    message = "<xml><MsgType>text</MsgType><Content>好的</Content></xml>"
    reply = WeChatCrypto(TOKEN, KEY, APP).encrypt_message(message, "nonce", "1700000000")
    opened = wechat.open_reply(reply.encode(), token=TOKEN, encoding_aes_key=KEY, receive_id=APP)
    assert opened == {"MsgType": "text", "Content": "好的"}


def test_a_reply_with_a_wrong_signature_is_refused() -> None:
    encrypted = wechat.encrypt(b"<xml><A>1</A></xml>", KEY, APP)
    fields = {"Encrypt": encrypted, "MsgSignature": "0" * 40, "TimeStamp": 1, "Nonce": "n"}
    with pytest.raises(ValueError, match="MsgSignature"):
        wechat.open_reply(
            wechat.build_body(fields, "json"), token=TOKEN, encoding_aes_key=KEY, receive_id=APP
        )


def test_a_message_for_another_receiver_is_refused() -> None:
    encrypted = wechat.encrypt(b"hello", KEY, "wxffffffffffffffff")
    with pytest.raises(ValueError, match="another receiver"):
        wechat.decrypt(encrypted, KEY, APP)


@pytest.mark.parametrize("encrypted", ["", "AAAA", "***", "A" * 44])
def test_a_malformed_ciphertext_is_a_value_error(encrypted: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts differ
        wechat.decrypt(encrypted, KEY, APP)


def test_text_that_ends_a_cdata_section_survives() -> None:
    fields = {"Content": "a]]>b<c>&", "CreateTime": 7, "Info": {"Deep": "x"}}
    read = wechat.parse_xml(wechat.build_xml(fields))
    assert read == {"Content": "a]]>b<c>&", "CreateTime": "7", "Info": {"Deep": "x"}}


@pytest.mark.parametrize(
    "text", ["", "no xml", "<a/>", '<!DOCTYPE x [<!ENTITY e "boom">]><xml><A>&e;</A></xml>']
)
def test_dangerous_or_foreign_xml_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts differ
        wechat.parse_xml(text)
