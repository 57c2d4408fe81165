"""Makes the tokens that Pub/Sub pushes with; pure functions.

Protocol: docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions (read 2026-11-28), RFC 7519, RFC 7517.
"""

from __future__ import annotations

from base64 import b64decode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.platforms.google_pubsub import keys
from sandbox.web_tokens import key_set, signed_rs256

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
    return signed_rs256(_key(), claims, header)


def jwks() -> dict[str, Any]:
    """Returns the public half as a key set."""
    return key_set(_key(), keys.KEY_ID)


@cache
def _key() -> RSAPrivateKey:
    key = load_der_private_key(b64decode(keys.PRIVATE_KEY), None)
    assert isinstance(key, RSAPrivateKey)
    return key
