"""Keys and certificates of WeChat Pay: reading their text, comparing serial numbers, checking one signature. Pure.

Sources (read 2026-11-20): pay.weixin.qq.com, wxp-pub-key-guide; wechatpay-go utils/pem.go and wechatpay-java PemUtil, which
write the same serial number differently.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from app.security.signatures import strict_base64

PUBLIC_KEY_ID: Final = re.compile(r"PUB_KEY_ID_[0-9]{1,64}")
SERIAL: Final = re.compile(r"[0-9A-Fa-f]{1,64}")
CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*+-----END CERTIFICATE-----")
LEAST_KEY_BITS: Final = 2048
MOST_CERTIFICATES: Final = 32


def read_public_key(text: str) -> RSAPublicKey:
    """Return the key of a PEM text, or of its Base64 without the frame; raises ValueError."""
    raw = _raw(text)
    key = load_pem_public_key(raw) if _has_frame(raw) else load_der_public_key(strict_base64(raw))
    return _strong_key(key)


def read_private_key(text: str) -> RSAPrivateKey:
    """Return the key of a PEM text, or of its Base64 without the frame; raises ValueError."""
    raw = _raw(text)
    try:
        key = (
            load_pem_private_key(raw, None)
            if _has_frame(raw)
            else load_der_private_key(strict_base64(raw), None)
        )
    except TypeError as error:  # It has a password.
        raise ValueError("it must be a private key without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("it must be an RSA key")
    return key


def read_certificates(text: str) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a text, one after another in PEM or a single one in Base64; raises ValueError."""
    raw = _raw(text)
    if not _has_frame(raw):
        return (_checked(x509.load_der_x509_certificate(strict_base64(raw))),)
    blocks = CERTIFICATE.findall(raw.decode("ascii"))
    if not 0 < len(blocks) <= MOST_CERTIFICATES:
        raise ValueError("it must hold one or more certificates in PEM")
    return tuple(_checked(x509.load_pem_x509_certificate(block.encode())) for block in blocks)


def certificate_key(certificate: x509.Certificate) -> RSAPublicKey:
    """Return the key of a certificate; raises ValueError for one that WeChat Pay would not use."""
    return _strong_key(certificate.public_key())


def is_public_key_id(name: str) -> bool:
    """Say whether this is what WeChat Pay calls a public key."""
    return PUBLIC_KEY_ID.fullmatch(name) is not None


def serial_name(serial: str) -> str | None:
    """Return a serial number in the one form in which they are compared here, None for what is none.

    Some write a zero in front and some do not, so numbers are compared, not texts.
    """
    return f"{int(serial, 16):X}" if SERIAL.fullmatch(serial) else None


def name_of(certificate: x509.Certificate) -> str:
    """Return the serial number of a certificate in that form."""
    return f"{certificate.serial_number:X}"


def is_in_force(certificate: x509.Certificate, now: datetime) -> bool:
    """Say whether a certificate is good at this time."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def is_signed_by(key: RSAPublicKey, message: bytes, signature: bytes) -> bool:
    """Say whether a signature (RSASSA-PKCS1-v1_5, SHA-256) of a message was made with the key's other half."""
    try:
        key.verify(signature, message, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _raw(text: str) -> bytes:
    # Environment files often hold a PEM text on one line, with \n for its line ends.
    try:
        return text.replace("\\n", "\n").strip().encode("ascii")
    except UnicodeEncodeError as error:
        raise ValueError("it must be PEM or Base64") from error


def _has_frame(raw: bytes) -> bool:
    return raw.startswith(b"-----BEGIN")


def _checked(certificate: x509.Certificate) -> x509.Certificate:
    certificate_key(certificate)
    return certificate


def _strong_key(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_KEY_BITS:
        raise ValueError(f"it must be an RSA key of at least {LEAST_KEY_BITS} bits")
    return key
