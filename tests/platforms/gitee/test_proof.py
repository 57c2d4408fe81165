"""Who sent a webhook of Gitee: the recorded vectors, an HMAC made by hand, and what is refused with which word."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from app.core.errors import VerificationError
from app.core.ports import AdvisedSource, CredentialBearer
from app.core.values import Coverage, InboundRequest
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.gitee.signing import (
    BODY,
    MILLISECONDS,
    SECRET,
    channel,
    refusal,
    refused,
    signed,
    take,
    with_password,
)

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
MODES = {"gitee_password": "password", "gitee_sign": "signature"}
HOUR = 3_600_000
NOW_MS = SECONDS * 1000


def hmac_by_hand(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA256 as RFC 2104 writes it, without any HMAC library."""
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def by_hand(secret: str, at: int) -> str:
    """Return a signature as help.gitee.com describes it: time, line feed, secret; the secret is the key too."""
    return base64.b64encode(hmac_by_hand(secret.encode(), f"{at}\n{secret}".encode())).decode()


def judged(request: InboundRequest, now: float, **keys: Any) -> tuple[str | None, str] | None:
    """Return key and type of what was taken, None for what was refused."""
    source = channel(**keys)
    try:
        verified = source.verify(request, datetime.fromtimestamp(now, UTC))
    except VerificationError:
        return None
    event = source.parse(request, verified)
    return event.key, event.type


@pytest.mark.parametrize("case", VECTORS["hmac"], ids=lambda case: case["name"])
def test_the_recorded_proofs_agree(case: dict[str, Any]) -> None:
    request = delivery(base64.b64decode(case["request"]["body_base64"]), case["request"]["headers"])
    found = judged(request, case["now"], secret=case["secrets"], mode=MODES[case["profile"]])
    expected = case["expect"]
    assert (found is not None) is expected["valid"]
    if found is not None:
        assert found == (expected["event_id"], expected["event_type"])


@pytest.mark.parametrize("secret", ["this is secret", "SEC" + "0" * 61, "x" * 200, "中文密钥中文密钥"])
def test_what_is_signed_by_hand_is_taken_and_what_the_simulator_signs_is_the_same(secret: str) -> None:
    request = signed(BODY, secret=secret)
    assert request.header("X-Gitee-Token") == by_hand(secret, MILLISECONDS)
    assert take(request, secret=secret).type == "Push Hook"


@pytest.mark.parametrize("kept", ["", "+/", "/="])
def test_a_signature_in_percent_encoding_is_taken_too(kept: str) -> None:
    at = MILLISECONDS + 1  # Its signature has each of the three characters.
    plain = by_hand(SECRET, at)
    assert set("+/=") <= set(plain)
    assert take(signed(BODY, at=at, X_Gitee_Token=quote(plain, safe=kept))).type == "Push Hook"
    small = quote(plain, safe=kept).replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")
    assert take(signed(BODY, at=at, X_Gitee_Token=small)).type == "Push Hook"


@pytest.mark.parametrize(
    "signature",
    ["", " ", "=", "%", "%zz", "A" * 44, by_hand(SECRET, MILLISECONDS)[:-1], by_hand(SECRET, MILLISECONDS) + "=",
     by_hand(SECRET, MILLISECONDS).swapcase(), "é" * 44, "x" * 100_000, hashlib.sha256(b"").hexdigest()],
    ids=[*"abcdefghijkl"],
)  # fmt: skip
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert refusal(signed(BODY, X_Gitee_Token=signature)) in ("missing_token", "bad_signature")


def test_the_time_is_signed_and_needed() -> None:
    assert refusal(signed(BODY, X_Gitee_Timestamp=str(MILLISECONDS + 1))) == "bad_signature"
    assert refusal(signed(BODY, X_Gitee_Timestamp="")) == "bad_timestamp"


@pytest.mark.parametrize("at", [NOW_MS - HOUR - 1, NOW_MS + HOUR + 1, NOW_MS - 24 * HOUR])
def test_a_signature_of_more_than_an_hour_away_is_refused(at: int) -> None:
    assert refusal(signed(BODY, at=at)) == "timestamp_outside_tolerance"


@pytest.mark.parametrize("at", [NOW_MS - HOUR, NOW_MS + HOUR])
def test_an_hour_either_way_is_allowed(at: int) -> None:
    assert take(signed(BODY, at=at)).type == "Push Hook"


@pytest.mark.parametrize("at", [str(SECONDS), "0", f"{MILLISECONDS}.0", f"+{MILLISECONDS}"[:13], "x" * 13])
def test_a_time_that_is_not_in_milliseconds_is_refused(at: str) -> None:
    assert refusal(signed(BODY, at=at)) == "bad_timestamp"


def test_digits_of_other_scripts_are_no_time() -> None:
    assert refusal(signed(BODY, X_Gitee_Timestamp="٣" * 13)) == "bad_timestamp"


@pytest.mark.parametrize(
    "password",
    ["", SECRET[:-1], SECRET + "x", SECRET.upper(), quote(SECRET), f"{SECRET}, {SECRET}", "é", "x" * 100_000],
    ids=[*"abcdefgh"],
)
def test_another_password_is_refused(password: str) -> None:
    request = with_password(BODY, secret=password)
    assert refusal(request, mode="password") in ("missing_token", "bad_token")


def test_a_password_is_taken_as_it_comes_whatever_its_characters() -> None:
    for secret in ("per%2Bcent password", "x" * 600, "密码密码"):
        sent = with_password(BODY, secret=secret.encode().decode("latin-1"))
        assert take(sent, mode="password", secret=secret).type == "Push Hook"
    longer = with_password(BODY, secret="x" * 601)
    assert refusal(longer, mode="password", secret="x" * 600) == "bad_token"


def test_the_other_mode_is_refused_and_the_reason_says_so() -> None:
    password, signature = refused(with_password(BODY)), refused(signed(BODY), mode="password")
    assert (password.reason, signature.reason) == ("bad_signature", "bad_token")
    assert 'mode = "password"' in password.explain()
    assert 'mode = "signature"' in signature.explain()
    assert "mode =" not in refused(signed(BODY, secret="another secret")).explain()


def test_every_secret_of_the_list_is_accepted() -> None:
    both = ["another secret", SECRET]
    assert take(signed(BODY), secret=both).type == "Push Hook"
    assert take(with_password(BODY), secret=both, mode="password").type == "Push Hook"


@pytest.mark.parametrize("header", ["x-gitee-token", "X-GITEE-TIMESTAMP"])
def test_a_proof_that_came_twice_is_refused(header: str) -> None:
    request = signed(BODY)
    doubled = (*request.headers, (header, request.header(header) or ""))
    assert refusal(request._replace(headers=doubled)) == "duplicate_header"


@pytest.mark.parametrize("mode", ["signature", "password"])
def test_without_a_secret_everything_is_refused_also_what_an_empty_key_signed(mode: str) -> None:
    assert refusal(signed(BODY, secret=""), secret="", mode=mode) in ("bad_signature", "bad_token")
    assert channel(secret="", mode=mode).settings.missing_signature_secret() == "secret"


def test_neither_mode_proves_the_body() -> None:
    assert channel().signature_covers is channel(mode="password").signature_covers is Coverage.ORIGIN
    advised = channel(mode="password")
    assert isinstance(advised, AdvisedSource)
    assert "签名密钥" in (advised.advice or "")
    assert channel().advice is None


def test_unsigned_is_taken_only_where_written_down() -> None:
    unproven = signed(BODY, X_Gitee_Token="")
    assert take(unproven, secret="", allow_unsigned=True).type == "Push Hook"
    assert channel(secret="", allow_unsigned=True).signature_covers is Coverage.NONE
    assert refusal(unproven, allow_unsigned=True) == "missing_token"


def test_a_mode_that_does_not_exist_is_refused_at_start() -> None:
    with pytest.raises(ValidationError, match="mode"):
        channel(mode="both")


def test_what_the_body_repeats_of_the_proof_is_a_credential() -> None:
    source = channel()
    assert isinstance(source, CredentialBearer)
    assert source.credential_places(None).fields == ("password", "sign")
