"""Signs data as the App Store does, a JWS with its certificates; pure functions.

Protocol: developer.apple.com/documentation/appstoreserverapi/jwsdecodedheader (read 2026-11-28), RFC 7515, RFC 7518 §3.4.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import load_der_x509_certificate

from sandbox.platforms.apple_notifications import keys

CHAIN = (keys.LEAF, keys.INTERMEDIATE, keys.ROOT)


def signed(
    content: dict[str, Any], *, chain: Sequence[str] = CHAIN, private_key: str = keys.PRIVATE_KEY
) -> str:
    """Returns a JWS over the content, with the certificates (Base64 of DER) in its header."""
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return signed_bytes(payload, {"alg": "ES256", "x5c": list(chain)}, private_key)


def signed_bytes(payload: bytes, header: dict[str, Any], private_key: str = keys.PRIVATE_KEY) -> str:
    """Returns a JWS over any bytes with any header."""
    text = b".".join((_part(json.dumps(header).encode()), _part(payload)))
    r, s = decode_dss_signature(_key(private_key).sign(text, ECDSA(SHA256())))
    return (text + b"." + _part(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def root_pem() -> str:
    """Returns the simulated root as a channel's settings hold it."""
    return load_der_x509_certificate(b64decode(keys.ROOT)).public_bytes(Encoding.PEM).decode()


def _part(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


@cache
def _key(private_key: str) -> EllipticCurvePrivateKey:
    key = load_der_private_key(b64decode(private_key), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key
