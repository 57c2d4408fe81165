"""Makes the tokens that Huawei Account sends with its messages; pure functions.

Protocol: developer.huawei.com/consumer/cn/doc/harmonyos-guides/subscribe-process-userinfo-change (read 2026-11-28), RFC 7519, RFC 7517.
That the algorithm is RS256 is unconfirmed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.web_tokens import key_set, signed_rs256

ISSUER = "id.cloud.huawei.com"
KEY_ID = "sandbox-huawei-1"
HOUR = 3600


def token(*, client_id: str, now: float, **changes: Any) -> str:
    """Returns a token for an hour; `changes` replace claims, and None takes one out."""
    claims: dict[str, Any] = {"iss": ISSUER, "aud": client_id, "iat": int(now), "exp": int(now) + HOUR}
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return signed(kept, {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"})


def signed(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """Returns a JWT over any claims with any header, signed with RS256."""
    return signed_rs256(_key(), claims, header)


def jwks() -> dict[str, Any]:
    """Returns the public half as a key set."""
    return key_set(_key(), KEY_ID)


@cache
def _key() -> rsa.RSAPrivateKey:
    """Returns a key made for this run; whoever checks asks for its public half."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
