"""What proves a webhook of PayPal, what does not, and what its proof cannot prove."""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.ports import AdvisedSource, KeyFinder
from app.core.values import Coverage
from tests.platforms.deliveries import NOW
from tests.platforms.paypal.posting import ADDRESS, BODY, PEM, TIME, WEBHOOK_ID, channel, remote, webhook
from tests.platforms.recorded import Remote, judge


def refusal(request: Any, http: Any = None, source: Any = None) -> str:
    judged = judge(source or channel(), request, http or remote())
    assert judged.outcome == "refuse"
    return judged.why


def test_a_webhook_is_proven_with_the_certificate_it_names() -> None:
    http = remote()
    (event,) = judge(channel(), webhook(), http).events
    assert (event.type, event.key) == ("PAYMENT.CAPTURE.COMPLETED", "WH-1")
    assert http.asked == [f"GET {ADDRESS}"]


def test_a_configured_certificate_is_not_fetched() -> None:
    http, source = remote(), channel(certificates={ADDRESS: PEM})
    assert judge(source, webhook(), http).outcome == "accept"
    assert http.asked == []


def test_any_of_several_webhook_ids_is_good() -> None:
    source = channel(webhook_id=["8PT597110X687430LKGECATA", WEBHOOK_ID])
    assert judge(source, webhook(), remote()).outcome == "accept"


def test_a_webhook_for_somebody_else_is_refused() -> None:
    assert refusal(webhook(webhook_id="OTHER")) == "bad_signature"


@pytest.mark.parametrize("position", range(0, len(BODY), 11))
def test_an_altered_byte_is_found_out(position: int) -> None:
    altered = bytearray(BODY)
    altered[position] ^= 1
    assert refusal(webhook()._replace(body=bytes(altered))) == "bad_signature"


@pytest.mark.parametrize("name", ["PAYPAL_TRANSMISSION_ID", "PAYPAL_TRANSMISSION_TIME"])
def test_id_and_time_are_signed(name: str) -> None:
    assert refusal(webhook(BODY, **{name: "other"})) == "bad_signature"


@pytest.mark.parametrize(
    "name", ["TRANSMISSION_ID", "TRANSMISSION_TIME", "TRANSMISSION_SIG", "CERT_URL", "AUTH_ALGO"]
)
def test_each_header_is_needed_once_and_short(name: str) -> None:
    header = f"PAYPAL_{name}"
    assert refusal(webhook(BODY, **{header: ""})) == "missing_signature_header"
    assert refusal(webhook(BODY, **{header: "a" * 1025})) in ("bad_signature_header", "algorithm_not_allowed")
    request = webhook()
    doubled = request._replace(headers=(*request.headers, (header.replace("_", "-").lower(), "x")))
    assert refusal(doubled) == "duplicate_header"


@pytest.mark.parametrize("algorithm", ["SHA1withRSA", "SHA512withRSA", "none", "sha256withrsa"])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    assert refusal(webhook(PAYPAL_AUTH_ALGO=algorithm)) == "algorithm_not_allowed"


def test_id_and_time_cannot_be_cut_elsewhere() -> None:
    assert refusal(webhook(PAYPAL_TRANSMISSION_ID="a|b")) == "bad_signature_header"


@pytest.mark.parametrize("signature", ["AAAA", "*", "é"])
def test_a_cut_or_odd_signature_is_refused(signature: str) -> None:
    assert refusal(webhook(PAYPAL_TRANSMISSION_SIG=signature)) == "bad_signature"


@pytest.mark.parametrize(
    "address",
    [
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com:444/v1/notifications/certs/CERT-1",
        "https://api.paypal.com//v1/notifications/certs/CERT-1",
        "https://API.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:443/v1/notifications/certs/CERT-1",
    ],
)
def test_a_certificate_elsewhere_is_not_even_asked_for(address: str) -> None:
    http = Remote({address: PEM})
    assert refusal(webhook(PAYPAL_CERT_URL=address), http) == "key_address_not_allowed"
    assert http.asked == []


def test_a_host_that_is_left_out_is_not_believed() -> None:
    source = channel(cert_hosts="api.sandbox.paypal.com")
    assert source.origins == {"https://api.sandbox.paypal.com:443"}
    assert refusal(webhook(), source=source) == "key_address_not_allowed"


@pytest.mark.parametrize("host", ["paypal.com.evil.example", "https://api.paypal.com", "evilpaypal.com"])
def test_a_host_that_is_not_paypals_is_told_at_the_start(host: str) -> None:
    with pytest.raises(ValidationError, match="paypal"):
        channel(cert_hosts=host)


@pytest.mark.parametrize("days", [-3650, 20_000], ids=["early", "late"])
def test_a_certificate_counts_only_while_it_is_in_force(days: int) -> None:
    request = webhook()._replace(received_at=NOW + timedelta(days=days))
    assert refusal(request) == "certificate_not_in_force"


def test_a_certificate_that_does_not_exist_proves_nothing() -> None:
    assert refusal(webhook(), Remote({})) == "unknown_key"


@pytest.mark.parametrize(
    "text", ["<html>", "", PEM[:200], "x" * 70_000], ids=["html", "empty", "cut", "long"]
)
def test_what_is_no_certificate_is_an_error_of_the_platform(text: str) -> None:
    source = channel()
    assert isinstance(source, KeyFinder)
    with pytest.raises(UpstreamError, match="certificate"):
        source.fetch_keys(ADDRESS, Remote({ADDRESS: text}), NOW)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_platform_may_be_asked_again(status: int) -> None:
    with pytest.raises(UpstreamUnavailable):
        channel().fetch_keys(ADDRESS, Remote({ADDRESS: PEM}, status=status), NOW)


def test_another_answer_is_an_error_of_the_platform() -> None:
    with pytest.raises(UpstreamError, match="302"):
        channel().fetch_keys(ADDRESS, Remote({ADDRESS: PEM}, status=302), NOW)


@pytest.mark.parametrize(("seconds", "is_good"), [(599, True), (601, False), (-599, True), (-601, False)])
def test_the_age_counts_where_a_tolerance_is_set(seconds: int, is_good: bool) -> None:
    request = webhook()._replace(received_at=NOW + timedelta(seconds=seconds))
    assert (judge(channel(tolerance_s=600), request, remote()).outcome == "accept") is is_good
    assert judge(channel(), request, remote()).outcome == "accept"


@pytest.mark.parametrize("time", ["now", "2026-05-28T99:00:00Z"])
def test_a_time_that_is_none_is_refused_where_age_counts(time: str) -> None:
    assert refusal(webhook(time=time), source=channel(tolerance_s=600)) == "bad_timestamp"


def test_a_body_with_the_same_checksum_passes_which_is_what_operators_are_warned_of() -> None:
    forged = _with_checksum_of(BODY, BODY.replace(b"9.90", b"0.01"))
    assert zlib.crc32(forged) == zlib.crc32(BODY)
    source = channel()
    assert judge(source, webhook()._replace(body=forged), remote()).outcome == "accept"
    assert source.signature_covers is Coverage.ORIGIN
    assert isinstance(source, AdvisedSource)
    assert "API" in str(source.advice)


def test_a_channel_without_a_webhook_id_takes_nothing() -> None:
    source = channel(webhook_id="")
    assert source.settings.missing_signature_secret() == "webhook_id"
    with pytest.raises(VerificationError):
        channel(webhook_id="", certificates={ADDRESS: PEM}).verify(webhook(webhook_id=""), NOW)


def test_the_time_of_the_try_is_read() -> None:
    (event,) = judge(channel(), webhook(time=TIME), remote()).events
    assert event.occurred_at == NOW - timedelta(seconds=2)


def _with_checksum_of(model: bytes, wanted: bytes) -> bytes:
    """Return `wanted` with a member more, 48 characters of two kinds, chosen so that the checksum is the model's.

    A CRC is linear: each place changes it by a fixed pattern, so the 48 of them are a set of 32 equations.
    """
    head, tail = wanted[:-1] + b', "x": "', b'"}'

    def checksum(bits: int) -> int:
        text = bytes(ord("A") + (bits >> place & 1) for place in range(48))
        return zlib.crc32(head + text + tail)

    start = checksum(0)
    rows = [(checksum(1 << place) ^ start, 1 << place) for place in range(48)]
    goal, chosen = zlib.crc32(model) ^ start, 0
    for bit in reversed(range(32)):
        pivot = next(((value, used) for value, used in rows if value >> bit == 1), None)
        if pivot is None:
            continue
        rows = [
            (value ^ pivot[0], used ^ pivot[1]) if value >> bit & 1 else (value, used)
            for value, used in rows
            if (value, used) != pivot
        ]
        if goal >> bit & 1:
            goal, chosen = goal ^ pivot[0], chosen ^ pivot[1]
    assert goal == 0
    return head + bytes(ord("A") + (chosen >> place & 1) for place in range(48)) + tail
