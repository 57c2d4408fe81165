"""Douyin Pay: recorded notices, what is refused, and wechatpayv3, whose construction is the same, as an independent judge."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.x509 import load_der_x509_certificate
from pydantic import ValidationError
from wechatpayv3.utils import aes_decrypt, rsa_verify

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, ParsedEvent
from sandbox.platforms.douyin_pay_v3 import keys
from tests.platforms.code_records import case_id, cases_of, fault_of, opened, records_beside
from tests.platforms.deliveries import NOW, SECONDS
from tests.platforms.douyin_pay_v3.sample import CHANNEL, ENCRYPT_KEY, PAID, envelope, notice
from tests.platforms.unionpay.test_proof import issued

RECORDS = records_beside(__file__)
SETTINGS = ("mchid", "encrypt_key", "platform_certs", "tolerance_s")


def take(request: InboundRequest, now: datetime = NOW, **changes: Any) -> ParsedEvent:
    source = opened("douyin-pay-v3", CHANNEL | changes)
    event: ParsedEvent = source.parse(request, source.verify(request, now))
    return event


def refusal(request: InboundRequest, now: datetime = NOW, **changes: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        take(request, now, **changes)
    return caught.value.reason


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS.values()), ids=case_id)
def test_a_recorded_notice_is_judged_as_its_record_says(record: dict[str, Any], case: dict[str, Any]) -> None:
    source = opened("douyin-pay-v3", {name: record["settings"][name] for name in SETTINGS})
    assert fault_of(source, record, case) is None


def test_a_payment_says_what_was_paid() -> None:
    event = take(notice(envelope()))
    assert (event.type, event.key, event.subject, event.data) == ("TRANSACTION.SUCCESS", "EV-1", "o1", PAID)
    assert event.occurred_at == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Timestamp", "Nonce", "Serial", "Signature"])
def test_each_header_is_needed(name: str) -> None:
    request = notice(envelope())
    emptied = tuple((key, "" if key.endswith(name) else value) for key, value in request.headers)
    assert refusal(request._replace(headers=emptied)) == "missing_signature"


def test_a_changed_body_or_nonce_is_refused() -> None:
    request = notice(envelope())
    assert refusal(request._replace(body=request.body.replace(b"EV-1", b"EV-2"))) == "bad_signature"
    moved = tuple((name, value + "0" if name.endswith("Nonce") else value) for name, value in request.headers)
    assert refusal(request._replace(headers=moved)) == "bad_signature"


def test_the_key_of_somebody_else_is_refused() -> None:
    private, _ = issued("Simulated Douyinpay Platform")
    assert refusal(notice(envelope(), private_key=private)) == "bad_signature"
    assert refusal(notice(envelope(), serial="7")) == "unknown_key"


def test_the_window_is_the_channels() -> None:
    old = notice(envelope(), SECONDS - 301)
    assert refusal(old) == "timestamp_outside_tolerance"
    assert take(old, tolerance_s=600).key == "EV-1"
    assert refusal(notice(envelope(), f"0{SECONDS}")) == "bad_timestamp"


def test_a_certificate_that_is_over_proves_nothing() -> None:
    later = datetime(2060, 1, 1, tzinfo=UTC)
    assert refusal(notice(envelope(), int(later.timestamp())), later) == "certificate_not_in_force"


def test_only_the_documented_algorithm_is_opened() -> None:
    with pytest.raises(PayloadError) as caught:
        take(notice(envelope(algorithm="AES-256-CBC")))
    assert caught.value.reason == "unknown_algorithm"


def test_another_encrypt_key_is_refused_and_both_count_while_it_changes() -> None:
    assert refusal(notice(envelope(key="A" * 32))) == "decrypt_failed"
    assert take(notice(envelope()), encrypt_key=["A" * 32, ENCRYPT_KEY]).key == "EV-1"


def test_the_merchant_is_compared_by_the_pipeline() -> None:
    source = opened("douyin-pay-v3", CHANNEL)
    (merchant,) = source.verify(notice(envelope(PAID | {"mchid": "other"})), NOW).requirements
    assert (merchant.given, merchant.setting, merchant.expected) == ("other", "mch_id", ("7000001",))


@pytest.mark.parametrize(
    "changes", [{"encrypt_key": "short"}, {"platform_certs": {"1": "not a certificate"}}]
)
def test_a_key_that_cannot_be_one_is_told_at_the_start(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        opened("douyin-pay-v3", CHANNEL | changes)


def test_wechatpayv3_believes_and_opens_what_we_do() -> None:
    request = notice(envelope())
    take(request)
    headers = dict(request.headers)
    public = load_der_x509_certificate(b64decode(keys.CERTIFICATE)).public_key()
    signed = (headers["Douyinpay-Timestamp"], headers["Douyinpay-Nonce"], request.body.decode())
    assert rsa_verify(*signed, headers["Douyinpay-Signature"], public)
    resource = json.loads(request.body)["resource"]
    plain = aes_decrypt(resource["nonce"], resource["ciphertext"], resource["associated_data"], ENCRYPT_KEY)
    assert json.loads(plain) == PAID
