"""Certificates that come inside a message: they prove nothing until they lead to a root that is configured. Pure.

Names decide nothing here, only keys: a look-alike authority with the right name has another key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtensionNotFound,
    KeyUsage,
    load_der_x509_certificate,
    load_pem_x509_certificate,
    load_pem_x509_certificates,
)

from app.security.signatures import strict_base64

LONGEST_CERTIFICATE: Final = 16_384


def read_pem_certificate(raw: bytes) -> Certificate:
    """Return the one certificate of a PEM text; raises ValueError for anything else, and for one too long to be real."""
    if len(raw) > LONGEST_CERTIFICATE or raw.count(b"-----BEGIN") != 1:
        raise ValueError("not one certificate in PEM")
    return _read(lambda: load_pem_x509_certificate(raw))


def read_der_certificate(raw: bytes) -> Certificate:
    """Return a certificate in DER; raises ValueError."""
    if len(raw) > LONGEST_CERTIFICATE:
        raise ValueError("too long for a certificate")
    return _read(lambda: load_der_x509_certificate(raw))


def read_certificate(text: str) -> Certificate:
    """Return the certificate of a setting, PEM or Base64 of DER; raises ValueError."""
    text = text.strip().replace("\\n", "\n")
    if text.startswith("-----"):
        return read_pem_certificate(text.encode())
    return read_der_certificate(strict_base64("".join(text.split())))


def read_authorities(text: str) -> tuple[Certificate, ...]:
    """Return the certificates of a setting, PEM (several too) or Base64 of DER; raises ValueError where one is no authority."""
    text = text.strip().replace("\\n", "\n")
    if text.startswith("-----"):
        found = tuple(load_pem_x509_certificates(text.encode()))
    else:
        found = (read_certificate(text),)
    if not all(map(is_authority, found)):
        raise ValueError("it is no certificate of an authority")
    return found


def is_authority(certificate: Certificate) -> bool:
    """Say whether a certificate may issue others."""
    try:
        may_issue = certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (ExtensionNotFound, ValueError):
        return False
    try:
        return may_issue and certificate.extensions.get_extension_for_class(KeyUsage).value.key_cert_sign
    except ExtensionNotFound:
        return may_issue


def is_in_force(certificate: Certificate, now: datetime) -> bool:
    """Say whether a moment lies within a certificate's dates."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def leads_to(certificate: Certificate, issuers: Sequence[Certificate], now: datetime) -> Certificate | None:
    """Return which of these authorities issued a certificate and is in force, None when none of them did."""
    for issuer in issuers:
        if is_in_force(issuer, now) and was_issued_by(certificate, issuer):
            return issuer
    return None


def was_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Say whether an authority's key signed a certificate that bears its name; never raises."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _read(load: Callable[[], Certificate]) -> Certificate:
    try:
        certificate = load()
        _ = certificate.subject, certificate.not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("not a certificate") from error
    return certificate
