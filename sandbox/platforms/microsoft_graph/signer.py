"""Makes the tokens of Graph's deliveries, and seals resources for a certificate; pure functions.

Protocol: learn.microsoft.com/graph/change-notifications-with-resource-data (read 2026-11-28), RFC 7519, RFC 8017 §7.1.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.platforms.microsoft_graph import keys

CHANGE_TRACKING = "0bf30f3b-4a52-48df-9a82-234910c4a086"
HOUR = 3600


def token(*, app_id: str, tenant: str, base: str, now: float, **changes: Any) -> str:
    """Returns a validation token of version 2; `changes` replace claims, and None takes one out."""
    claims = {
        "aud": app_id,
        "iss": f"{base}/{tenant}/v2.0",
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now) + HOUR,
        "azp": CHANGE_TRACKING,
        "tid": tenant,
        "ver": "2.0",
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return signed(kept, {"alg": "RS256", "kid": keys.KEY_ID, "typ": "JWT"})


def signed(claims: dict[str, Any], header: dict[str, Any]) -> str:
    """Returns a JWT over any claims with any header, signed with RS256."""
    text = ".".join(_part(json.dumps(each, separators=(",", ":")).encode()) for each in (header, claims))
    return f"{text}.{_part(_key(keys.PRIVATE_KEY).sign(text.encode(), PKCS1v15(), SHA256()))}"


def jwks() -> dict[str, Any]:
    """Returns the public half as Microsoft publishes it."""
    numbers = _key(keys.PRIVATE_KEY).public_key().public_numbers()
    return {
        "keys": [
            {"kty": "RSA", "use": "sig", "kid": keys.KEY_ID, "n": _number(numbers.n), "e": _number(numbers.e)}
        ]
    }


def sealed(resource: dict[str, Any]) -> dict[str, str]:
    """Returns a resource as `encryptedContent` brings it, for the one certificate there is."""
    key, padder = secrets.token_bytes(32), PKCS7(128).padder()
    padded = padder.update(json.dumps(resource, ensure_ascii=False).encode()) + padder.finalize()
    encryptor = Cipher(AES256(key), CBC(key[:16])).encryptor()
    data = encryptor.update(padded) + encryptor.finalize()
    oaep = OAEP(MGF1(SHA1()), SHA1(), None)  # noqa: S303 - Graph seals so
    data_key = _key(keys.ENCRYPTION_PRIVATE_KEY).public_key().encrypt(key, oaep)
    return {
        "data": b64encode(data).decode(),
        "dataKey": b64encode(data_key).decode(),
        "dataSignature": b64encode(hmac.digest(key, data, hashlib.sha256)).decode(),
        "encryptionCertificateId": keys.ENCRYPTION_CERTIFICATE_ID,
        "encryptionCertificateThumbprint": "5A4DB0C0FFEE",
    }


def _number(value: int) -> str:
    return _part(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@cache
def _key(private_key: str) -> RSAPrivateKey:
    key = load_der_private_key(b64decode(private_key), None)
    assert isinstance(key, RSAPrivateKey)
    return key
