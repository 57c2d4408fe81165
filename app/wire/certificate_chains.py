"""Certificates that come inside a message: they prove nothing until they lead to a root that is configured. Pure.

Names decide nothing here, only keys: a look-alike authority with the right name has another key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import BasicConstraints, Certificate, ExtensionNotFound, KeyUsage, ObjectIdentifier

from app.wire.certificates import is_in_force, read_certificate, read_certificates

FAULTS = (InvalidSignature, UnsupportedAlgorithm, ExtensionNotFound, ValueError, TypeError)


def read_sent_certificate(raw: bytes) -> Certificate:
    """Return the one certificate of a PEM text that a message holds; raises ValueError for anything else."""
    if raw.count(b"-----BEGIN") != 1:
        raise ValueError("not one certificate in PEM")
    return read_certificate(raw.decode("ascii"))


def read_authorities(texts: Sequence[str]) -> tuple[Certificate, ...]:
    """Return the certificates of a setting's texts, several of one too; raises ValueError where one is no authority."""
    found = tuple(each for text in texts for each in read_certificates(text))
    if not all(map(is_authority, found)):
        raise ValueError("it is no certificate of an authority")
    return found


def is_authority(certificate: Certificate) -> bool:
    """Say whether a certificate may issue others."""
    try:
        may_issue = certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except FAULTS:
        return False
    try:
        return may_issue and certificate.extensions.get_extension_for_class(KeyUsage).value.key_cert_sign
    except ExtensionNotFound:
        return may_issue


def has_extension(certificate: Certificate, identifier: ObjectIdentifier) -> bool:
    """Say whether a certificate bears the extension by which its authority marks a purpose; never raises."""
    try:
        certificate.extensions.get_extension_for_oid(identifier)
    except FAULTS:
        return False
    return True


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
    except FAULTS:
        return False
    return True
