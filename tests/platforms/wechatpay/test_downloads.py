"""Platform certificates that are found while running: the signed request, the sealed list, and what is not believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.ports import KeyFinder
from app.platforms.wechatpay.downloads import WechatpayDownloads
from app.platforms.wechatpay.keys import serial_name
from sandbox.platforms.wechatpay import keys
from sandbox.platforms.wechatpay.signer import SIGNERS, authorization_fault
from tests.platforms.deliveries import NOW, SECONDS
from tests.platforms.wechatpay.channel import channel
from tests.platforms.wechatpay.scripted import ScriptedPay, answering, listed
from tests.platforms.wechatpay.signing import DOWNLOADS, MERCHANT, notification, sealed

BODY = sealed()
OLD, NEW = (serial_name(SIGNERS[each].serial) or "" for each in ("certificate", "next_certificate"))
LIST = {"data": [listed(), listed(keys.NEXT_CERTIFICATE)]}


def downloading(**changes: Any) -> WechatpayDownloads:
    opened = channel(**{"certificates": [], **DOWNLOADS} | changes)
    assert isinstance(opened, WechatpayDownloads)
    return opened


def fetched(http: ScriptedPay, **changes: Any) -> set[str]:
    return set(downloading(**changes).fetch_keys(NEW, http, NOW))


def refused(http: ScriptedPay, **changes: Any) -> str:
    with pytest.raises(UpstreamError) as caught:
        fetched(http, **changes)
    return caught.value.message


def test_a_notification_is_proven_with_the_certificate_that_was_found() -> None:
    source = downloading()
    request = notification(BODY, by="next_certificate")
    claim = source.claimed_key(request)
    assert claim == NEW
    key = source.fetch_keys(claim, answering(LIST), NOW)[claim]
    assert source.verify_with_key(request, NOW, key).scheme == "wechatpay-certificate"
    with pytest.raises(VerificationError):
        source.verify_with_key(request._replace(body=BODY + b" "), NOW, key)


def test_the_request_is_signed_with_the_merchants_key() -> None:
    http = answering(LIST)
    assert fetched(http) == {OLD, NEW}
    (call,) = http.calls
    assert (call["method"], call["url"]) == ("GET", "https://pay.example/v3/certificates")
    header = call["headers"]["Authorization"]
    assert (
        authorization_fault(header, mch_id=MERCHANT["mch_id"], path="/v3/certificates", now=SECONDS) is None
    )


def test_only_a_channel_with_the_merchants_key_downloads() -> None:
    assert isinstance(downloading(), KeyFinder)
    assert not isinstance(channel(), KeyFinder)


@pytest.mark.parametrize("by", ["public_key", "certificate"])
def test_what_is_configured_is_not_asked_for(by: str) -> None:
    source = channel(**DOWNLOADS)
    assert isinstance(source, WechatpayDownloads)
    assert source.claimed_key(notification(BODY, by=by)) is None


@pytest.mark.parametrize(
    "serial", ["PUB_KEY_ID_0000000000000000000000000000", keys.MERCHANT_SERIAL, "no serial"]
)
def test_what_no_list_can_hold_is_not_asked_for(serial: str) -> None:
    request = notification(BODY, Wechatpay_Serial=serial)
    assert downloading().claimed_key(request) is None
    with pytest.raises(VerificationError) as caught:
        downloading().verify(request, NOW)
    assert caught.value.reason == "unknown_key"


@pytest.mark.parametrize(
    "headers",
    [
        {"Wechatpay_Signature": "WECHATPAY/SIGNTEST/AAAA"},
        {"Wechatpay_Signature": "*"},
        {"Wechatpay_Nonce": ""},
        {"timestamp": str(SECONDS - 400)},
    ],
    ids=["probe", "no Base64", "no nonce", "old"],
)
def test_a_request_that_cannot_be_good_causes_no_download(headers: dict[str, str]) -> None:
    with pytest.raises(VerificationError):
        downloading().claimed_key(notification(BODY, by="next_certificate", **headers))


def test_a_list_signed_with_the_configured_public_key_is_believed() -> None:
    assert fetched(answering(LIST, by="public_key")) == {OLD, NEW}


@pytest.mark.parametrize(
    "http",
    [
        answering(LIST, Wechatpay_Signature="AAAA"),
        answering(LIST, Wechatpay_Signature="WECHATPAY/SIGNTEST/AAAA"),
        answering(LIST, Wechatpay_Serial="ABC"),
        answering(LIST, timestamp=SECONDS - 400),
        answering({"data": [listed()]}, by="next_certificate"),
        answering({"data": [listed(key="x" * 32)]}),
        answering({"data": [listed(), {"encrypt_certificate": 5}]}),
        answering({"data": [None]}),
        answering({"data": [listed()] * 33}),
        answering({"data": "text"}),
        answering({}),
        answering(b"<html>"),
        answering({"code": "SIGN_ERROR"}, status=401),
        answering({"code": "NO_AUTH"}, status=403),
        answering({"code": "NOT_FOUND"}, status=404),
        answering(b"", status=204),
    ],
    ids=[*"abcdefghijklmnop"],
)
def test_what_is_not_proven_or_not_a_list_is_not_believed(http: ScriptedPay) -> None:
    assert refused(http).endswith(".")


def test_a_refused_merchant_is_told_which_settings_to_compare() -> None:
    said = refused(answering({"code": "SIGN_ERROR"}, status=401))
    assert "merchant_serial" in said
    assert "SIGN_ERROR" in said


@pytest.mark.parametrize("status", [429, 500, 502])
def test_a_busy_platform_may_be_asked_again(status: int) -> None:
    with pytest.raises(UpstreamUnavailable):
        fetched(answering({"code": "SYSTEM_ERROR"}, status=status))


def test_a_merchant_without_certificates_has_no_such_key() -> None:
    assert fetched(answering({"code": "RESOURCE_NOT_EXISTS"}, status=404)) == set()


def test_a_certificate_that_is_not_in_force_is_left_out() -> None:
    source, later = downloading(), NOW + timedelta(days=10_000)
    http = answering(LIST, by="public_key", timestamp=int(later.timestamp()))
    assert source.fetch_keys(NEW, http, later) == {}
