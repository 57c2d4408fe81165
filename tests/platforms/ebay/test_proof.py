"""Which notifications of eBay are proven, its challenge, and how its keys are asked for."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.values import Outcome, Situation
from app.platforms.ebay import PLATFORM
from sandbox.cloud_keys import EC_KEY, public_pem, sign_ecdsa
from sandbox.platforms.ebay.api import KEY_ID
from sandbox.platforms.ebay.firing import signature
from tests.platforms.deliveries import NOW, delivery
from tests.platforms.ebay.sample import BODY, CONTENT, SETTINGS, notification
from tests.platforms.recorded_cases import RecordedNetwork, event, events_of, refusal

ONE_LINE = public_pem(EC_KEY).replace("\n", "")
KEY_URL = f"GET https://api.ebay.com/commerce/notification/v1/public_key/{KEY_ID}"
TOKEN_URL = "POST https://api.ebay.com/identity/v1/oauth2/token"
GOOD = {
    TOKEN_URL: '{"access_token":"v^1.1#abc"}',
    KEY_URL: json.dumps({"key": ONE_LINE, "algorithm": "ECDSA", "digest": "SHA1"}),
}
KEYSET = {"client_id": "id-1", "client_secret": "secret-of-the-keyset", "public_keys": {}}


def channel(**keys: Any) -> Any:
    return PLATFORM.open("ebay", PLATFORM.settings.model_validate(SETTINGS | keys))


def header(**changes: Any) -> str:
    said = json.loads(b64decode(signature(BODY))) | changes
    return b64encode(json.dumps(said).encode()).decode()


def challenge(query: str) -> Any:
    return delivery(b"")._replace(method="GET", query_string=query)


def test_a_notification_becomes_an_event() -> None:
    found = event(channel(), notification())
    assert (found.type, found.key, found.subject) == ("MARKETPLACE_ACCOUNT_DELETION", "n-1", "u-1")
    assert found.data == CONTENT


def test_a_body_that_was_written_anew_before_it_was_signed_is_proven_as_well() -> None:
    spaced = json.dumps(CONTENT).encode()
    assert event(channel(), notification(spaced, header=signature(BODY))).data == CONTENT
    altered = spaced.replace(b"n-1", b"n-2")
    assert refusal(channel(), notification(altered, header=signature(BODY))) == "bad_signature"


def test_a_repeated_field_cannot_hide_behind_writing_anew() -> None:
    doubled = b'{"metadata":{"topic":"OTHER"},' + BODY[1:]
    assert refusal(channel(), notification(doubled, header=signature(BODY))) == "bad_signature"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "missing_signature_header"),
        ("zzz", "bad_signature_header"),
        (b64encode(b"[]").decode(), "bad_signature_header"),
        (b64encode(b"{}").decode(), "bad_signature_header"),
        (header(signature="*"), "bad_signature_header"),
        (header(kid="../evil"), "bad_key_name"),
        (header(kid="a" * 65), "bad_key_name"),
        (header(kid=5), "bad_signature_header"),
        (header(alg="none"), "algorithm_not_allowed"),
        (header(digest="SHA256"), "algorithm_not_allowed"),
        (header(signature=""), "bad_signature"),
        (header(signature=b64encode(sign_ecdsa(BODY, "sha256")).decode()), "bad_signature"),
        ("A" * 5000, "bad_signature_header"),
    ],
    ids=[*"abcdefghijklm"],
)
def test_a_wrong_signature_is_refused_by_its_own_word(given: str, reason: str) -> None:
    assert refusal(channel(), notification(header=given)) == reason


def test_another_key_did_not_sign() -> None:
    other = (
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert refusal(channel(public_keys={KEY_ID: other.decode()}), notification()) == "bad_signature"


@pytest.mark.parametrize("code", ["", "a b", "<b>", "%22%7B", "a" * 129, "é"])
def test_a_challenge_with_other_letters_is_refused(code: str) -> None:
    with pytest.raises(VerificationError):
        events_of(channel(), challenge(f"challenge_code={code}"), None)


def test_a_repeated_challenge_is_refused() -> None:
    with pytest.raises(VerificationError):
        events_of(channel(), challenge("challenge_code=a&challenge_code=b"), None)


def test_without_a_token_no_challenge_is_answered() -> None:
    with pytest.raises(VerificationError):
        events_of(channel(verification_token=""), challenge("challenge_code=abc"), None)


def test_a_visit_without_a_challenge_is_no_event() -> None:
    assert refusal(channel(), challenge("")) == "missing_signature_header"


def test_the_key_is_asked_for_with_an_application_token() -> None:
    http, source = RecordedNetwork(GOOD), channel(**KEYSET)
    found = events_of(source, notification(), http)
    assert isinstance(found, list)
    asked, got = http.calls
    assert asked["headers"]["Authorization"] == "Basic " + b64encode(b"id-1:secret-of-the-keyset").decode()
    assert got["headers"] == {"Authorization": "Bearer v^1.1#abc"}


@pytest.mark.parametrize(
    "said",
    [
        "{}",
        "<html>",
        json.dumps({"key": ONE_LINE, "algorithm": "ECDSA", "digest": "SHA256"}),
        json.dumps({"key": ONE_LINE, "algorithm": "RSA", "digest": "SHA1"}),
        json.dumps({"key": "text", "algorithm": "ECDSA", "digest": "SHA1"}),
    ],
)
def test_what_is_no_key_is_not_believed(said: str) -> None:
    with pytest.raises(UpstreamError):
        channel(**KEYSET).fetch_keys(KEY_ID, RecordedNetwork(GOOD | {KEY_URL: said}), NOW)


def test_a_key_that_ebay_does_not_know_is_none() -> None:
    assert channel(**KEYSET).fetch_keys("unknown", RecordedNetwork(GOOD), NOW) == {}


@pytest.mark.parametrize("token", ["{}", '{"access_token":5}', '{"access_token":"a\\nb"}'])
def test_an_answer_without_a_token_is_a_fault_of_the_platform(token: str) -> None:
    with pytest.raises(UpstreamError):
        channel(**KEYSET).fetch_keys(KEY_ID, RecordedNetwork(GOOD | {TOKEN_URL: token}), NOW)


def test_a_busy_platform_may_be_asked_again() -> None:
    with pytest.raises(UpstreamUnavailable):
        channel(**KEYSET).fetch_keys(KEY_ID, RecordedNetwork(GOOD, 503), NOW)


def test_a_channel_that_cannot_ask_for_keys_says_so() -> None:
    assert "client_id" in (channel(public_keys={}).advice or "")
    assert channel().advice is channel(**KEYSET).advice is None


def test_a_stored_notification_is_answered_without_a_body() -> None:
    source, request = channel(), notification()
    outcome = Outcome(Situation.ACCEPTED, "evt", event(source, request), now=NOW, trace_id="t")
    assert source.acknowledge(request, None, outcome)[:2] == (204, b"")


@pytest.mark.parametrize("token", ["short", "a" * 81, "a" * 31 + "é", "a" * 31 + " "])
def test_a_verification_token_of_another_form_is_told_at_the_start(token: str) -> None:
    with pytest.raises(ValueError, match="32 to 80"):
        channel(verification_token=token)
