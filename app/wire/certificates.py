"""Certificates that senders sign with: reading them, their dates, RSA signatures made with their keys. Pure; nothing is fetched here.

Source: RFC 5280 §4.1.2.5 (read 2026-11-28) on dates. Whom a certificate belongs to is the business of who trusts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from app.core.errors import VerificationError

LEAST_KEY_BITS: Final = 2048
MOST_KEPT: Final = 32
LONGEST_TEXT: Final = 65_536
"""Bytes of one file with certificates."""

HOW: Final = "it must hold a certificate in PEM with an RSA key of at least 2048 bits"


@lru_cache(MOST_KEPT)
def read_certificate(text: bytes) -> x509.Certificate:
    """Return the first certificate of a PEM text, whose RSA key is long enough; raises ValueError."""
    if len(text) > LONGEST_TEXT:
        raise ValueError(HOW)
    try:
        certificate = x509.load_pem_x509_certificates(text)[0]
        rsa_key_of(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(HOW) from error
    return certificate


def certificate_from_text(text: str) -> x509.Certificate:
    """Return the certificate of a text from a setting, where line ends may be written as backslash and n; raises ValueError."""
    try:
        return read_certificate(text.replace("\\n", "\n").strip().encode("ascii"))
    except UnicodeEncodeError as error:
        raise ValueError(HOW) from error


def certificate_der(text: str) -> bytes:
    """Return that certificate in DER, as what is found while running is kept; raises ValueError."""
    return certificate_from_text(text).public_bytes(Encoding.DER)


def certificates_by_address(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return certificates (DER) by the addresses at which they are; raises ValueError."""
    return {address: certificate_der(text) for address, text in texts.items()}


def rsa_key_of(certificate: x509.Certificate) -> RSAPublicKey:
    """Return the key of a certificate; raises ValueError for another kind and for a short one."""
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_KEY_BITS:
        raise ValueError(HOW)
    return key


def check_signed_by(
    certificate: bytes, message: bytes, *, signature: bytes, digest: HashAlgorithm, now: datetime
) -> None:
    """Check an RSA signature (PKCS #1 v1.5) with a certificate (DER) that must be in force; raises VerificationError."""
    loaded = x509.load_der_x509_certificate(certificate)
    if not loaded.not_valid_before_utc <= now <= loaded.not_valid_after_utc:
        raise VerificationError(
            "certificate_not_in_force",
            f"The certificate that the request names is in force from {loaded.not_valid_before_utc:%Y-%m-%d} to "
            f"{loaded.not_valid_after_utc:%Y-%m-%d} only; compare this machine's clock.",
        )
    try:
        rsa_key_of(loaded).verify(signature, message, PKCS1v15(), digest)
    except InvalidSignature as error:
        raise VerificationError(
            "bad_signature",
            "The signature does not fit the certificate that the request names. A proxy that changes the body has this effect.",
        ) from error
