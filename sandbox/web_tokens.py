"""JSON Web Tokens signed with RS256, and the key set that goes with them; pure functions. RFC 7515, 7517, 7518 (read 2026-11-28)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256


def signed_rs256(key: RSAPrivateKey, claims: Mapping[str, Any], header: Mapping[str, Any]) -> str:
    """Returns a token over any claims with any header, whatever that says."""
    text = ".".join(_part(json.dumps(each, separators=(",", ":")).encode()) for each in (header, claims))
    return f"{text}.{_part(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def key_set(key: RSAPrivateKey, kid: str) -> dict[str, Any]:
    """Returns the public half as a set of one key."""
    numbers = key.public_key().public_numbers()
    one = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid}
    return {"keys": [one | {"n": _number(numbers.n), "e": _number(numbers.e)}]}


def _number(value: int) -> str:
    return _part(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
