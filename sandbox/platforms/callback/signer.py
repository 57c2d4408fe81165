"""The unified callback envelope in its four schemes, open or sealed, as the gateway's published contract says (section 5).

Pure functions on bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


def body_headers(secret: str, body: bytes) -> dict[str, str]:
    """Signs the raw body alone (scheme `body`)."""
    return {"X-Signature": "sha256=" + _hex_hmac(secret, body)}


def timestamp_nonce_headers(secret: str, body: bytes, timestamp: str, nonce: str) -> dict[str, str]:
    """Signs raw body, timestamp and nonce (scheme `timestamp-nonce`)."""
    signature = _hex_hmac(secret, body + timestamp.encode() + nonce.encode())
    return {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}


def token_headers(secret: str) -> dict[str, str]:
    """Shows the shared secret itself (scheme `token`)."""
    return {"X-Token": secret}


def jwt_headers(secret: str, body: bytes, now: int, claims: dict[str, Any] | None = None) -> dict[str, str]:
    """Signs a short-lived HS256 token that names the SHA-256 of the body (scheme `jwt`)."""
    payload = {
        "iss": "sandbox",
        "iat": now,
        "exp": now + 120,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        **(claims or {}),
    }
    signed = _json_part({"alg": "HS256", "typ": "JWT"}) + "." + _json_part(payload)
    mac = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return {"Authorization": f"Bearer {signed}.{_base64url(mac)}"}


def sealed_body(secret: str, plain: bytes, iv: bytes) -> bytes:
    """Returns the body `{"encrypt": Base64}`: AES-256-CBC under the SHA-256 of the secret, the IV in front."""
    padding = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(hashlib.sha256(secret.encode()).digest()), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return json.dumps({"encrypt": b64encode(iv + ciphertext).decode()}, separators=(",", ":")).encode()


def _hex_hmac(secret: str, signed: bytes) -> str:
    return hmac.digest(secret.encode(), signed, "sha256").hex()


def _json_part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
