"""Signed tokens of Huawei IAP, notices v3: Huawei's sample server iapkit-sample-serverdemo (read 2026-11-28).

Pure functions on text and bytes: no HTTP, no settings, no clock. Nothing is shared with the gateway, so that a mistake
made on one side cannot hide on the other.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.platforms.huawei_iap_v3 import keys

CHAIN = (keys.CERTIFICATE, keys.MIDDLE_CERTIFICATE, keys.ROOT_CERTIFICATE)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(
    payload: bytes,
    chain: Sequence[str] = CHAIN,
    private_key: str = keys.PRIVATE_KEY,
    header: dict[str, object] | None = None,
) -> str:
    """Signs a payload; header fields may be laid over the usual ones."""
    whole = {"alg": "ES256", "typ": "JWT", "x5c": list(chain)} | (header or {})
    signed = f"{_text(json.dumps(whole).encode())}.{_text(payload)}"
    key = load_der_private_key(b64decode(private_key), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    numbers = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{_text(b''.join(number.to_bytes(32, 'big') for number in numbers))}"


def notice(payload: bytes) -> bytes:
    """Returns the body of a notice."""
    return json.dumps({"jwsNotification": token(payload)}).encode()
