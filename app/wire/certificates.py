"""Certificates that senders sign with: reading them, their dates, their keys. Pure; nothing is fetched here.

Source: RFC 5280 §4.1.2.5 (read 2026-11-28) on dates. Whom a certificate belongs to is the business of who trusts it: certificate_chains.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_der_x509_certificate

from app.core.errors import VerificationError
from app.wire.pem_texts import BARE, CERTIFICATE, read_blocks
from app.wire.public_keys import is_signed_by, strong_rsa_key

LONGEST_CERTIFICATE: Final = 16_384
HOW: Final = "it must hold a certificate in PEM with an RSA key of at least 2048 bits"


def read_certificate(text: str) -> Certificate:
    """Return the first certificate of a text, which is the signing one of a chain; PEM or Base64; raises ValueError."""
    return read_der_certificate(certificate_blocks(text)[0])


def read_certificates(text: str) -> tuple[Certificate, ...]:
    """Return the certificates of a text, one after another in PEM or a single one in Base64; raises ValueError."""
    return tuple(map(read_der_certificate, certificate_blocks(text)))


def read_der_certificate(raw: bytes) -> Certificate:
    """Return a certificate in DER; raises ValueError, also where its names or dates cannot be read."""
    if len(raw) > LONGEST_CERTIFICATE:
        raise ValueError("too long for a certificate")
    try:
        certificate = load_der_x509_certificate(raw)
        _ = certificate.subject, certificate.not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("not a certificate") from error
    return certificate


def certificate_blocks(text: str) -> list[bytes]:
    """Return the DER of the certificates of a text, at least one; raises ValueError. A key beside them is passed over."""
    found = [der for label, der in read_blocks(text) if label in (BARE, CERTIFICATE)]
    if not found:
        raise ValueError("no certificate")
    return found


def certificate_der(text: str) -> bytes:
    """Return in DER the first certificate of a text, whose RSA key is long enough; raises ValueError."""
    try:
        certificate = read_certificate(text)
        rsa_key_of(certificate)
    except ValueError as error:
        raise ValueError(HOW) from error
    return certificate.public_bytes(Encoding.DER)


def certificates_by_address(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return certificates (DER) by the addresses at which they are; raises ValueError."""
    return {address: certificate_der(text) for address, text in texts.items()}


def rsa_key_of(certificate: Certificate) -> RSAPublicKey:
    """Return the key of a certificate; raises ValueError for another kind and for a short one."""
    try:
        return strong_rsa_key(certificate.public_key())
    except UnsupportedAlgorithm as error:
        raise ValueError("its key is of an unknown kind") from error


def is_in_force(certificate: Certificate, now: datetime) -> bool:
    """Say whether a moment lies within a certificate's dates."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def check_signed_by(
    certificate: bytes, message: bytes, *, signature: bytes, digest: str, now: datetime
) -> None:
    """Check an RSA signature (PKCS #1 v1.5) with a certificate (DER) that must be in force; raises VerificationError."""
    loaded = load_der_x509_certificate(certificate)
    if not is_in_force(loaded, now):
        raise VerificationError(
            "certificate_not_in_force",
            f"The certificate that the request names is in force from {loaded.not_valid_before_utc:%Y-%m-%d} to "
            f"{loaded.not_valid_after_utc:%Y-%m-%d} only; compare this machine's clock.",
        )
    if not is_signed_by(rsa_key_of(loaded), message=message, signature=signature, digest=digest):
        raise VerificationError(
            "bad_signature",
            "The signature does not fit the certificate that the request names. A proxy that changes the body has this effect.",
        )
