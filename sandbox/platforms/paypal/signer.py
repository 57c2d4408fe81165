"""Signs webhooks as PayPal does; pure functions.

Protocol: developer.paypal.com/api/rest/webhooks/rest/, "Verify webhook signatures" (read 2026-11-28).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import crc32
from functools import cache

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import load_der_x509_certificate

from sandbox.platforms.paypal import keys

CERTIFICATE_NAME = "CERT-5a4db0c0-ffee-sandbox"


def headers_of(
    body: bytes, *, webhook_id: str, identifier: str, time: str, certificate_url: str
) -> dict[str, str]:
    """Returns the five headers that sign a body for one webhook."""
    text = f"{identifier}|{time}|{webhook_id}|{crc32(body)}"
    signature = _key().sign(text.encode("latin-1", "replace"), PKCS1v15(), SHA256())
    return {
        "PAYPAL-TRANSMISSION-ID": identifier,
        "PAYPAL-TRANSMISSION-TIME": time,
        "PAYPAL-TRANSMISSION-SIG": b64encode(signature).decode(),
        "PAYPAL-CERT-URL": certificate_url,
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    }


def certificate_url(base: str) -> str:
    """Returns where the certificate is, below an address that stands for PayPal."""
    return f"{base}/v1/notifications/certs/{CERTIFICATE_NAME}"


def certificate_pem() -> bytes:
    """Returns the certificate as PayPal hands it out."""
    return load_der_x509_certificate(b64decode(keys.CERTIFICATE)).public_bytes(Encoding.PEM)


@cache
def _key() -> RSAPrivateKey:
    key = load_der_private_key(b64decode(keys.PRIVATE_KEY), None)
    assert isinstance(key, RSAPrivateKey)
    return key
