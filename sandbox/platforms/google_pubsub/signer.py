"""Makes the tokens that Pub/Sub pushes with; pure functions.

Protocol: docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions (read 2026-11-28), RFC 7519, RFC 7517.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.platforms.google_pubsub import keys

HOUR = 3600


def token(*, audience: str, email: str, now: float, **changes: Any) -> str:
    """Returns a token for an hour; `changes` replace claims, and None takes one out."""
    claims = {
        "aud": audience,
        "azp": "113774264463038321964",
        "email": email,
        "email_verified": True,
        "exp": int(now) + HOUR,
        "iat": int(now),
        "iss": "https://accounts.google.com",
        "sub": "113774264463038321964",
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return signed(kept, {"alg": "RS256", "kid": keys.KEY_ID, "typ": "JWT"})


def signed(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """Returns a JWT over any claims with any header, signed with RS256."""
    text = ".".join(_part(json.dumps(each, separators=(",", ":")).encode()) for each in (header, claims))
    return f"{text}.{_part(_key().sign(text.encode(), PKCS1v15(), SHA256()))}"


def jwks() -> dict[str, Any]:
    """Returns the public half as Google publishes it."""
    numbers = _key().public_key().public_numbers()
    key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keys.KEY_ID}
    return {"keys": [key | {"n": _number(numbers.n), "e": _number(numbers.e)}]}


def _number(value: int) -> str:
    return _part(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@cache
def _key() -> RSAPrivateKey:
    key = load_der_private_key(b64decode(keys.PRIVATE_KEY), None)
    assert isinstance(key, RSAPrivateKey)
    return key
