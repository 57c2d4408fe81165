"""Who signed a notification: headers, keys, time, and what is refused with which word."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.errors import PayloadError
from app.core.values import Coverage
from sandbox.platforms.wechatpay import keys
from sandbox.platforms.wechatpay.signer import SIGNERS
from tests.platforms.deliveries import NOW
from tests.platforms.wechatpay.channel import channel, refusal, take
from tests.platforms.wechatpay.signing import CERTIFICATE, NEXT_CERTIFICATE, notification, sealed

BODY = sealed()
HEADERS = ("Timestamp", "Nonce", "Signature", "Serial")


def test_public_key_and_certificate_prove_on_the_same_channel() -> None:
    schemes = [
        channel().verify(notification(BODY, by=by), NOW).scheme for by in ("public_key", "certificate")
    ]
    assert schemes == ["wechatpay-public-key", "wechatpay-certificate"]


def test_the_signature_covers_the_body() -> None:
    assert channel().signature_covers is Coverage.BODY


@pytest.mark.parametrize("begin", ["0A", "a", "000A"])
def test_serial_numbers_are_compared_as_numbers(begin: str) -> None:
    serial = begin + SIGNERS["next_certificate"].serial[2:].lower()
    request = notification(BODY, by="next_certificate", Wechatpay_Serial=serial)
    assert take(request, certificates=[NEXT_CERTIFICATE]).key == "EV-1"


def test_one_text_may_hold_several_certificates() -> None:
    both = CERTIFICATE + "\n" + NEXT_CERTIFICATE
    for by in ("certificate", "next_certificate"):
        assert take(notification(BODY, by=by), certificates=both).key == "EV-1"


@pytest.mark.parametrize("name", HEADERS)
def test_a_missing_header_is_refused(name: str) -> None:
    request = notification(BODY, **{f"Wechatpay_{name}": ""})
    assert refusal(request) == "missing_signature_header"


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_came_twice_is_refused(name: str) -> None:
    request = notification(BODY)
    doubled = (*request.headers, (f"wechatpay-{name.lower()}", "x"))
    assert refusal(request._replace(headers=doubled)) == "duplicate_header"


def test_without_a_signature_type_the_usual_one_is_meant() -> None:
    assert take(notification(BODY, Wechatpay_Signature_Type="")).key == "EV-1"


def test_another_signature_type_is_refused() -> None:
    request = notification(BODY, Wechatpay_Signature_Type="WECHATPAY2-SM2-WITH-SM3")
    assert refusal(request) == "bad_signature_type"


@pytest.mark.parametrize("tail", ["not base64!", "AAAA", "é"])
def test_a_probe_with_a_wrong_signature_is_refused_by_its_own_word(tail: str) -> None:
    request = notification(BODY, Wechatpay_Signature=f"WECHATPAY/SIGNTEST/{tail}")
    assert refusal(request) == "signature_probe"


def test_a_probe_is_refused_even_where_the_rest_would_be_a_good_signature() -> None:
    request = notification(BODY)
    good = request.header("Wechatpay-Signature")
    assert refusal(notification(BODY, Wechatpay_Signature=f"WECHATPAY/SIGNTEST/{good}")) == "signature_probe"


@pytest.mark.parametrize("signature", ["a", "é", "AAAA", "A" * 1_000_000])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert refusal(notification(BODY, Wechatpay_Signature=signature)).startswith("bad_signature")


def test_the_signature_of_one_key_under_the_name_of_another_is_refused() -> None:
    request = notification(BODY, by="certificate", Wechatpay_Serial=keys.PUBLIC_KEY_ID)
    assert refusal(request) == "bad_signature"


@pytest.mark.parametrize(
    "serial",
    ["PUB_KEY_ID_0000000000000000000000000000", SIGNERS["next_certificate"].serial, "no serial", "0" * 900],
)
def test_an_unknown_key_is_refused(serial: str) -> None:
    assert refusal(notification(BODY, Wechatpay_Serial=serial)) == "unknown_key"


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_time_within_five_minutes_is_taken(seconds: int) -> None:
    assert take(notification(BODY), NOW + timedelta(seconds=seconds)).key == "EV-1"


@pytest.mark.parametrize("seconds", [-360, 360])
def test_a_time_beyond_five_minutes_is_refused(seconds: int) -> None:
    assert refusal(notification(BODY), NOW + timedelta(seconds=seconds)) == "timestamp_outside_tolerance"


@pytest.mark.parametrize(
    "timestamp", ["+1780000000", "1_780_000_000", "１７８０００００００", "1780000000.0", "1780000000000"]
)
def test_a_time_in_another_form_is_refused(timestamp: str) -> None:
    assert refusal(notification(BODY, timestamp=timestamp)) == "bad_timestamp"


def test_digits_cannot_move_between_time_and_nonce() -> None:
    request = notification(BODY, timestamp="17800000001", nonce="23", Wechatpay_Timestamp="1780000000")
    assert refusal(request) == "bad_signature"


def test_a_certificate_that_is_no_longer_in_force_proves_nothing() -> None:
    late = datetime(2050, 6, 1, tzinfo=UTC)
    request = notification(BODY, by="certificate", timestamp=str(int(late.timestamp())))
    assert refusal(request, late) == "certificate_not_in_force"


def test_a_resource_sealed_with_another_key_is_refused_and_names_the_setting() -> None:
    assert refusal(notification(sealed(key="x" * 32))) == "decrypt_failed"


def test_each_api_v3_key_of_the_list_opens_while_it_is_exchanged() -> None:
    own = "y" * 32
    assert take(notification(sealed(key=own)), api_v3_key=["x" * 32, own]).key == "EV-1"


@pytest.mark.parametrize("field", ["ciphertext", "nonce", "associated_data"])
def test_a_sealed_part_that_was_exchanged_does_not_open(field: str) -> None:
    body = json.loads(BODY)
    body["resource"][field] = {"ciphertext": "A" * 64, "nonce": "0" * 12, "associated_data": "refund"}[field]
    assert refusal(notification(json.dumps(body).encode())) == "decrypt_failed"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": 5},
        {"id": "x" * 300},
        {"event_type": None},
        {"event_type": "a\nb"},
        {"resource": None},
        {"resource": {}},
        {"resource": {"algorithm": "AEAD_AES_256_GCM"}},
        {"resource": {"algorithm": "AEAD_AES_256_GCM", "nonce": [], "ciphertext": ""}},
        {"resource": {"algorithm": "AEAD_SM4_GCM", "nonce": "0" * 12, "ciphertext": "AAAA"}},
        {"resource": {"algorithm": "AEAD_AES_256_GCM", "nonce": "0" * 13, "ciphertext": "AAAA"}},
        {"resource": {"algorithm": "AEAD_AES_256_GCM", "nonce": "0" * 12, "ciphertext": "*"}},
    ],
    ids=str,
)
def test_a_signed_body_in_another_form_is_a_payload_error(changes: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        take(notification(sealed(**changes)))


@pytest.mark.parametrize("content", [b"", b"[]", b"text", b"\xff", b"[" * 100_000])
def test_a_resource_that_is_no_object_is_a_payload_error(content: bytes) -> None:
    with pytest.raises(PayloadError):
        take(notification(sealed(content)))
