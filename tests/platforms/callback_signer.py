"""Signs callbacks with the standard library and cryptography alone; shares no code with the gateway."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.core.values import InboundRequest

SECRET = "a-callback-secret-of-more-than-32-bytes"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
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


def delivery(body: bytes, headers: dict[str, str] | None = None, version: str = "v1") -> InboundRequest:
    return InboundRequest(
        method="POST",
        path="/webhooks/callback",
        query_string="",
        headers=tuple((headers or {}).items()),
        body=body,
        remote_addr="203.0.113.9",
        received_at=NOW,
        version=version,
    )


def hex_signature(*parts: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), b"".join(parts), hashlib.sha256).hexdigest()


def signed(body: bytes, **headers: str) -> InboundRequest:
    return delivery(
        body, {"X-Signature": hex_signature(body)} | {k.replace("_", "-"): v for k, v in headers.items()}
    )


def stamped(
    body: bytes, timestamp: str = str(SECONDS), nonce: str = NONCE, secret: str = SECRET
) -> InboundRequest:
    signature = hex_signature(body, timestamp.encode(), nonce.encode("utf-8"), secret=secret)
    return delivery(body, {"X-Signature": signature, "X-Timestamp": timestamp, "X-Nonce": nonce})


def webhook(
    body: bytes,
    *,
    key: bytes | None = None,
    identifier: str = "msg_1",
    timestamp: str = str(SECONDS),
    prefix: str = "webhook",
    version: str = "v2",
) -> InboundRequest:
    raw_key = base64.b64decode(WEBHOOK_SECRET[6:]) if key is None else key
    message = f"{identifier}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.new(raw_key, message, hashlib.sha256).digest()).decode()
    headers = {
        f"{prefix}-id": identifier,
        f"{prefix}-timestamp": timestamp,
        f"{prefix}-signature": f"v1,{signature}",
    }
    return delivery(body, headers, version)


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
