"""Who is believed and what is read: URL check, plain, compatible and safe mode, keys in rotation."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from app.core.errors import PayloadError, VerificationError
from app.core.values import Verified
from app.platforms.wechat import WechatConnector
from tests.platforms.wechat.account import (
    AES_KEY,
    CASES,
    NOW,
    OTHER_AES_KEY,
    TOKEN,
    account,
    inbound,
    received,
    safe_account,
)
from tests.platforms.wechat.signing import (
    WechatSigner,
    json_envelope,
    sha1_of_sorted,
    xml_envelope,
    xml_message,
)

Wrap = Callable[[str], bytes]


def configured(case: Any, **keys: Any) -> WechatConnector:
    own = {"token": case["token"], "app_id": case.get("receive_id", "wx1234567890abcdef")}
    return account(**own | ({"encoding_aes_key": case["aes_key"]} if "aes_key" in case else {}) | keys)


def sealed_query(case: Any, **changes: str) -> str:
    return urlencode(
        {name: case[name] for name in ("signature", "timestamp", "nonce", "msg_signature")} | changes
    )


def plain_query(case: Any, **changes: str) -> str:
    return urlencode({name: case[name] for name in ("signature", "timestamp", "nonce")} | changes)


def reason(connector: WechatConnector, query: str, body: bytes = b"", method: str = "POST") -> str:
    with pytest.raises(VerificationError) as caught:
        connector.verify(inbound(query, body, method), NOW)
    return caught.value.reason


@pytest.mark.parametrize("name", ["O1", "G0"])
def test_url_check_echoes_exactly(name: str) -> None:
    case = CASES[name]
    connector = configured(case, max_age=0)
    request = inbound(plain_query(case, echostr=case["echostr"]), method="GET")
    reply = connector.challenge(request, connector.verify(request, NOW))
    assert reply is not None
    assert (reply.status, reply.body) == (200, case["echostr"].encode())
    assert reply.content_type == "text/plain; charset=utf-8"


def test_url_check_is_plain_in_safe_mode_too() -> None:
    connector = safe_account()
    request = inbound(WechatSigner().plain_query(echostr="42"), method="GET")
    reply = connector.challenge(request, connector.verify(request, NOW))
    assert reply is not None
    assert reply.body == b"42"


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_any_altered_character_of_the_url_check_is_refused(name: str) -> None:
    case = CASES["O1"]
    for position in range(len(case[name])):
        altered = case[name][:position] + "~" + case[name][position + 1 :]
        query = plain_query(case, echostr="1", **{name: altered})
        assert reason(configured(case), query, method="GET") == "bad_signature"


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_missing_value_is_named(name: str) -> None:
    case = CASES["O1"]
    assert reason(configured(case), plain_query(case, **{name: ""}), method="GET") == f"missing_{name}"


def test_upper_case_signature_is_refused() -> None:
    case = CASES["O1"]
    assert reason(configured(case), plain_query(case, signature=case["signature"].upper())) == "bad_signature"


def test_non_ascii_signature_is_refused_calmly() -> None:
    assert reason(account(), WechatSigner().query(signature="签" * 40)) == "bad_signature"


def test_repeated_parameter_is_refused() -> None:
    query = WechatSigner().plain_query() + "&timestamp=1"
    assert reason(account(), query) == "duplicate_parameter"


@pytest.mark.parametrize("echo", ["", "a" * 257, "中文", "a\nb", "a\x00b"])
def test_strange_echo_is_refused(echo: str) -> None:
    connector = account()
    request = inbound(WechatSigner().plain_query(echostr=echo), method="GET")
    with pytest.raises(PayloadError):
        connector.challenge(request, connector.verify(request, NOW))


def test_get_without_echo_is_a_bad_request() -> None:
    connector = account()
    request = inbound(WechatSigner().plain_query(), method="GET")
    with pytest.raises(PayloadError):
        connector.challenge(request, connector.verify(request, NOW))


def test_echo_is_never_html() -> None:
    connector = account()
    request = inbound(WechatSigner().plain_query(echostr="<script>alert(1)</script>"), method="GET")
    reply = connector.challenge(request, connector.verify(request, NOW))
    assert reply is not None
    assert reply.content_type.startswith("text/plain")


def test_official_plain_event_is_read() -> None:
    case = CASES["O2"]
    _, event = received(configured(case, max_age=0), inbound(plain_query(case), case["body"].encode()))
    assert event.type == "debug_demo"
    assert event.data["CreateTime"] == 1714037059
    assert event.data["debug_str"] == "hello world"


@pytest.mark.parametrize("mode", ["safe", "compatible"])
@pytest.mark.parametrize("wrap", [xml_envelope, json_envelope])
@pytest.mark.parametrize("name", ["O3", "W2", "W4", "G1", "G2", "C2"])
def test_recorded_encrypted_message_is_read(name: str, wrap: Wrap, mode: str) -> None:
    case = CASES[name]
    connector = configured(case, mode=mode)
    verified, _ = received(connector, inbound(sealed_query(case), wrap(case["encrypt"])))
    assert verified.plaintext == case["plain"].encode()


@pytest.mark.parametrize("name", ["J1", "G3", "G5", "G6", "W1", "P1", "C1"])
def test_every_padding_length_of_the_samples_opens(name: str) -> None:
    case = CASES[name]
    verified = configured(case).verify(inbound(sealed_query(case), xml_envelope(case["encrypt"])), NOW)
    assert verified.plaintext == case["plain"].encode()


@pytest.mark.parametrize("length", range(33))
def test_every_message_length_opens(length: int) -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(b"p" * length)
    verified = safe_account().verify(inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext)), NOW)
    assert verified.plaintext == b"p" * length


@pytest.mark.parametrize("name", ["timestamp", "nonce", "msg_signature"])
def test_any_altered_character_of_the_query_is_refused(name: str) -> None:
    case = CASES["G1"]
    body = xml_envelope(case["encrypt"])
    for position, character in enumerate(case[name]):
        other = "1" if character != "1" else "2"
        altered = case[name][:position] + other + case[name][position + 1 :]
        assert reason(configured(case), sealed_query(case, **{name: altered}), body) == "bad_signature"


def test_any_altered_character_of_the_ciphertext_is_refused() -> None:
    case = CASES["G6"]
    for position, character in enumerate(case["encrypt"]):
        other = "A" if character != "A" else "B"
        altered = case["encrypt"][:position] + other + case["encrypt"][position + 1 :]
        assert reason(configured(case), sealed_query(case), xml_envelope(altered)) == "bad_signature"


def test_blanks_around_the_ciphertext_do_not_matter() -> None:
    case = CASES["G1"]
    body = b'{"Encrypt": "\\n\\t ' + case["encrypt"].encode() + b' \\r\\n"}'
    verified = configured(case).verify(inbound(sealed_query(case), body), NOW)
    assert verified.plaintext == case["plain"].encode()


def test_foreign_app_id_is_refused() -> None:
    case = CASES["G8"]
    connector = configured(case, app_id="wx1234567890abcdef")
    assert (
        reason(connector, sealed_query(case), xml_envelope(case["encrypt"])) == "wrong_aes_key_or_receive_id"
    )


def test_app_id_that_only_begins_alike_is_refused() -> None:
    signer = WechatSigner(app_id="wx1234567890abcdef0")
    ciphertext = signer.encrypt(b"hello")
    found = reason(safe_account(), signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert found == "wrong_aes_key_or_receive_id"


def test_signature_in_place_of_msg_signature_is_explained() -> None:
    case = CASES["O3"]
    query = sealed_query(case, msg_signature=case["signature"])
    assert (
        reason(configured(case), query, json_envelope(case["encrypt"]))
        == "signature_in_place_of_msg_signature"
    )


def test_msg_signature_is_required() -> None:
    case = CASES["O3"]
    assert (
        reason(configured(case), plain_query(case), json_envelope(case["encrypt"])) == "missing_msg_signature"
    )


@pytest.mark.parametrize("mode", ["safe", "compatible"])
def test_plain_body_is_refused_by_an_encrypted_account(mode: str) -> None:
    case = CASES["O2"]
    connector = configured(case, mode=mode, encoding_aes_key=AES_KEY)
    assert reason(connector, plain_query(case), case["body"].encode()) == "body_not_encrypted"


def test_plain_body_with_a_captured_signature_is_refused() -> None:
    case = CASES["G1"]
    forged = xml_message(Content="forged")
    assert reason(configured(case), sealed_query(case), forged) == "body_not_encrypted"


@pytest.mark.parametrize("encrypt", [None, "", "   ", 1, [], {}, ["a"]])
def test_unusable_ciphertext_field_is_refused(encrypt: object) -> None:
    body = json.dumps({"Encrypt": encrypt}).encode()
    assert reason(safe_account(), WechatSigner().sealed_query("x"), body) == "body_not_encrypted"


def test_two_ciphertexts_are_refused() -> None:
    body = b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>"
    assert reason(safe_account(), WechatSigner().sealed_query("a"), body) == "body_not_encrypted"


def test_compatible_mode_reads_only_what_was_decrypted() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(xml_message(Content="sealed", MsgId="1"))
    forged = xml_message(Content="forged", MsgId="2", FromUserName="oAttacker")
    body = forged.replace(b"</xml>", f"<Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>".encode())
    _, event = received(safe_account(mode="compatible"), inbound(signer.sealed_query(ciphertext), body))
    assert event.data["Content"] == "sealed"
    assert event.subject == "oTestOpenId_0000000000000001"


def test_mode_never_follows_the_request() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(xml_message(Content="sealed"))
    connector = account(encoding_aes_key=AES_KEY, mode="plain")
    request = inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    verified = connector.verify(request, NOW)
    with pytest.raises(PayloadError) as caught:
        connector.parse(request, verified)
    assert caught.value.reason == "encrypted_body_in_plain_mode"


@pytest.mark.parametrize(
    "pad",
    [b"\x00" * 32, b"\x21" * 33, b"\x01\x02", b"", b"\x05\x05\x05\x05\x04"],
    ids=["zero", "33", "mixed", "none", "last"],
)
def test_broken_padding_is_refused(pad: bytes) -> None:
    signer = WechatSigner()
    message = b"m" * ((-20 - len(signer.app_id) - len(pad)) % 32)
    ciphertext = signer.encrypt(message, pad=pad)
    found = reason(safe_account(), signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert found == "wrong_aes_key_or_receive_id"


@pytest.mark.parametrize(
    "content", [b"\x20" * 32, b"0123456789abcdef" + b"\xff\xff\xff\xff" + b"x" * 11 + b"\x01"]
)
def test_length_beyond_the_content_is_refused(content: bytes) -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt_raw(content)
    found = reason(safe_account(), signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert found == "wrong_aes_key_or_receive_id"


def test_envelope_padded_to_16_is_refused() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(b"", pad=b"\x0a" * 10)
    assert len(ciphertext) == 64  # 48 bytes: whole AES blocks, but not whole blocks of this protocol
    found = reason(safe_account(), signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert found == "wrong_aes_key_or_receive_id"


@pytest.mark.parametrize("ciphertext", ["%%%%", "AAA", "中文", "AAAA AAAA"])
def test_ciphertext_that_is_not_base64_is_refused(ciphertext: str) -> None:
    query = WechatSigner().sealed_query(ciphertext)
    assert reason(safe_account(), query, json_envelope(ciphertext)) == "ciphertext_not_base64"


def test_previous_key_still_opens() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(xml_message(Content="late"))
    connector = account(encoding_aes_key=[OTHER_AES_KEY, AES_KEY])
    _, event = received(connector, inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext)))
    assert event.data["Content"] == "late"


def test_unknown_key_opens_nothing() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(b"hello")
    connector = account(encoding_aes_key=OTHER_AES_KEY)
    found = reason(connector, signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert found == "wrong_aes_key_or_receive_id"


@pytest.mark.parametrize("offset", [-301, 301])
def test_old_timestamp_is_refused_where_configured(offset: int) -> None:
    stamp = str(int((NOW + timedelta(seconds=offset)).timestamp()))
    query = WechatSigner(timestamp=stamp).plain_query()
    assert reason(account(max_age=300), query) == "timestamp_outside_tolerance"


def test_fresh_timestamp_passes_where_configured() -> None:
    assert account(max_age=300).verify(inbound(WechatSigner().plain_query()), NOW)


def test_age_counts_in_safe_mode_too() -> None:
    signer = WechatSigner(timestamp="1600000000")
    ciphertext = signer.encrypt(b"hello")
    found = reason(safe_account(max_age=300), signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert found == "timestamp_outside_tolerance"


def test_any_age_passes_in_safe_mode_by_default() -> None:
    signer = WechatSigner(timestamp="1400000000")
    ciphertext = signer.encrypt(xml_message())
    assert safe_account().verify(inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext)), NOW)


def test_unreadable_body_in_plain_mode_is_a_bad_request() -> None:
    with pytest.raises(PayloadError) as caught:
        received(account(), inbound(WechatSigner().plain_query(), b"<xml><MsgType>text"))
    assert caught.value.reason == "unreadable_body"


def test_unreadable_body_in_safe_mode_is_a_bad_request_for_the_platform() -> None:
    with pytest.raises(PayloadError) as caught:
        received(safe_account(), inbound(WechatSigner().plain_query(), b"<xml><Encrypt>"))
    assert caught.value.reason == "unreadable_body"


def test_unreadable_body_in_safe_mode_is_unproven_for_strangers() -> None:
    query = WechatSigner(token="guess").plain_query()
    assert reason(safe_account(), query, b"<xml><Encrypt>") == "bad_signature"


def test_encrypted_account_never_reads_the_body_itself() -> None:
    with pytest.raises(PayloadError):
        safe_account().parse(inbound("", xml_message(Content="forged")), Verified("wechat-unreadable"))


def test_unreadable_plaintext_is_a_bad_request() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(b"\xff\xfe not text")
    with pytest.raises(PayloadError):
        received(safe_account(), inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext)))


def test_longer_timestamp_cannot_borrow_digits_of_the_nonce() -> None:
    borrowed = sha1_of_sorted(TOKEN, "17000000005", "x")
    query = urlencode({"signature": borrowed, "timestamp": "17000000005", "nonce": "x"})
    assert reason(account(max_age=300), query) == "bad_timestamp"


def test_document_type_is_refused() -> None:
    body = b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><MsgType>&a;</MsgType></xml>'
    with pytest.raises(PayloadError):
        received(account(), inbound(WechatSigner().plain_query(), body))


def test_no_nonce_is_claimed_in_safe_mode_because_redeliveries_may_repeat_it() -> None:
    ciphertext = WechatSigner().encrypt(xml_message())
    request = inbound(WechatSigner().sealed_query(ciphertext), xml_envelope(ciphertext))
    assert safe_account().verify(request, NOW).nonce is None
