"""Makes the tokens that Huawei Account sends with its messages; pure functions.

Protocol: developer.huawei.com/consumer/cn/doc/harmonyos-guides/subscribe-process-userinfo-change (read 2026-11-28), RFC 7519, RFC 7517.
That the algorithm is RS256 is unconfirmed.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

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
    text = ".".join(_part(json.dumps(each, separators=(",", ":")).encode()) for each in (header, claims))
    return f"{text}.{_part(_key().sign(text.encode(), PKCS1v15(), SHA256()))}"


def jwks() -> dict[str, Any]:
    """Returns the public half as a key set."""
    numbers = _key().public_key().public_numbers()
    key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID}
    return {"keys": [key | {"n": _number(numbers.n), "e": _number(numbers.e)}]}


def _number(value: int) -> str:
    return _part(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@cache
def _key() -> rsa.RSAPrivateKey:
    """Returns a key made for this run; whoever checks asks for its public half."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
