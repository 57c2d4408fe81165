"""Deliveries of the unified callback with the simulator's signatures, and tokens of every kind a test may want."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.core.values import InboundRequest
from sandbox.platforms.callback import signer
from tests.platforms.deliveries import SECONDS, delivery

SECRET = "a-callback-secret-of-more-than-32-bytes"
NONCE = "nonce-0123456789"
ENVELOPE = {
    "event_id": "evt_1",
    "event_type": "user_authorized",
    "timestamp": SECONDS,
    "data": {"user_id": "u1"},
}

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def body_of(**changes: Any) -> bytes:
    """Return the sample envelope with changes; None takes a field out."""
    return json.dumps(
        {key: value for key, value in (ENVELOPE | changes).items() if value is not None}
    ).encode()


def hex_signature(body: bytes, *, secret: str = SECRET) -> str:
    return signer.body_headers(secret, body)["X-Signature"].removeprefix("sha256=")


def signed(body: bytes, **headers: str) -> InboundRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return delivery(body, signer.body_headers(SECRET, body) | named)


def stamped(
    body: bytes, timestamp: str = str(SECONDS), nonce: str = NONCE, secret: str = SECRET
) -> InboundRequest:
    return delivery(body, signer.timestamp_nonce_headers(secret, body, timestamp, nonce))


def _segment(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def token(claims: Any, *, algorithm: str = "HS256", secret: bytes = SECRET.encode(), **header: Any) -> str:
    """Return a JWT; `header` adds to or replaces its header."""
    head = {"alg": algorithm, "typ": "JWT"} | header
    message = _segment(json.dumps(head).encode()) + b"." + _segment(json.dumps(claims).encode())
    return (message + b"." + _segment(_signature(algorithm, secret, message))).decode()


def _signature(algorithm: str, secret: bytes, message: bytes) -> bytes:
    if algorithm == "RS256":
        return RSA_KEY.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if algorithm == "ES256":
        r, s = decode_dss_signature(EC_KEY.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return hmac.new(secret, message, hashlib.sha256).digest() if algorithm == "HS256" else b""


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return the public half."""
    public = key.public_key()
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def bearer(text: str, body: bytes | None = None) -> InboundRequest:
    return delivery(body_of() if body is None else body, {"Authorization": f"Bearer {text}"})
