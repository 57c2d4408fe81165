"""Tokens that a shared secret signs: whose they are, and that an empty secret signs nothing."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import jwt
import pytest

from app.core.errors import VerificationError
from app.security.signatures import hmac_sha256
from app.wire.signed_tokens import is_signed_by_secret, proven_claims

SECRET, OTHER = b"k" * 64, b"o" * 64


def made(secret: bytes = SECRET, algorithm: str = "HS256", **headers: str) -> bytes:
    return jwt.encode({"sub": "1"}, secret, algorithm=algorithm, headers=headers).encode()


def test_any_of_several_secrets_is_good() -> None:
    assert proven_claims(made(), [OTHER, SECRET], "HS256") == {"sub": "1"}


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (made(OTHER), "bad_signature"),
        (made(algorithm="HS512"), "algorithm_not_allowed"),
        (made(jku="https://evil.example/"), "bad_token_header"),
        (made()[:-1], "malformed_signature"),
        (made().rpartition(b".")[0], "malformed_signature"),
        (made().rpartition(b".")[0] + b".", "malformed_signature"),
    ],
    ids=["other secret", "other algorithm", "points to a key", "cut", "unsigned", "empty signature"],
)
def test_any_other_token_is_refused(token: bytes, reason: str) -> None:
    with pytest.raises(VerificationError) as caught:
        proven_claims(token, [SECRET], "HS256")
    assert caught.value.reason == reason


def test_an_empty_secret_signs_nothing() -> None:
    signed = made().rpartition(b".")[0]
    signature = urlsafe_b64encode(hmac_sha256(b"", signed)).rstrip(b"=")
    assert not is_signed_by_secret(signed + b"." + signature, [b""])
