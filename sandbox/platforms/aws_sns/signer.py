"""Signs messages as Amazon SNS does; pure functions.

Protocol: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html (read 2026-11-28).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import load_der_x509_certificate

from sandbox.platforms.aws_sns import keys

CERTIFICATE_NAME = "5a4db0c0ffee5a4db0c0ffee5a4db0c0"
TOKEN_START = "2336412f37"
NOTIFICATION_LINES = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
CONFIRMATION_LINES = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]


def signed(fields: dict[str, Any], *, version: str, certificate_url: str) -> dict[str, Any]:
    """Returns a message with its signature, by version 1 (SHA-1) or 2 (SHA-256)."""
    names = NOTIFICATION_LINES if fields.get("Type") == "Notification" else CONFIRMATION_LINES
    text = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields)
    digest = SHA1() if version == "1" else SHA256()  # noqa: S303 - version 1 is SHA-1
    signature = _key().sign(text.encode("utf-8", "surrogatepass"), PKCS1v15(), digest)
    return fields | {
        "SignatureVersion": version,
        "Signature": b64encode(signature).decode(),
        "SigningCertURL": certificate_url,
    }


def certificate_url(base: str) -> str:
    """Returns where the certificate is, below an address that stands for SNS."""
    return f"{base}/SimpleNotificationService-{CERTIFICATE_NAME}.pem"


def certificate_pem() -> bytes:
    """Returns the certificate as SNS hands it out."""
    return load_der_x509_certificate(b64decode(keys.CERTIFICATE)).public_bytes(Encoding.PEM)


@cache
def _key() -> RSAPrivateKey:
    key = load_der_private_key(b64decode(keys.PRIVATE_KEY), None)
    assert isinstance(key, RSAPrivateKey)
    return key
