"""Data that the App Store signs: a JWS whose header brings its certificates, which must lead to a root that we have. Pure.

Sources (read 2026-11-28): developer.apple.com/documentation/appstoreserverapi/jwsdecodedheader; apple/app-store-server-library-python
signed_data_verifier.py; RFC 7515 §4.1.6, RFC 5280 §6.1. What is odd: the root comes along in `x5c` and says nothing there, anybody can
send one; Apple's developer certificates lead to the same root, so the purposes (OIDs) of leaf and intermediate are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from app.core.errors import VerificationError
from app.core.moments import moment_or_none
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_exactly
from app.wire.certificate_chains import has_extension, is_authority, was_issued_by
from app.wire.certificates import is_in_force, read_der_certificate
from app.wire.signed_tokens import FAULTS, REFUSED_HEADERS, json_part

ALGORITHM: Final = "ES256"
CERTIFICATES: Final = 3
"""Leaf, intermediate, root."""

LEAF_PURPOSE: Final = x509.ObjectIdentifier("1.2.840.113635.100.6.11.1")
INTERMEDIATE_PURPOSE: Final = x509.ObjectIdentifier("1.2.840.113635.100.6.2.1")
LONGEST: Final = 262_144
COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def looks_signed(value: object) -> bool:
    """Say whether a text has the form of a JWS."""
    return isinstance(value, str) and len(value) <= LONGEST and COMPACT.fullmatch(value) is not None


def open_signed(text: str, roots: Sequence[x509.Certificate], now: datetime) -> dict[str, Any]:
    """Return what a JWS says, proven up to one of `roots`; raises VerificationError.

    Certificates must be in force when it was signed (`signedDate`), or now where it names no time.
    """
    if not looks_signed(text):
        raise _malformed("it has not the form of a JWS")
    head, payload, _ = text.split(".")
    leaf, intermediate = _certificates(_decoded(head))
    said = _decoded(payload)
    signed_at = moment_or_none(said.get("signedDate", said.get("receiptCreationDate"))) or now
    key = _proven_key(leaf, intermediate, roots, signed_at)
    try:
        jwt.api_jws.decode(text, key, algorithms=[ALGORITHM])
    except FAULTS as error:
        raise VerificationError(
            "bad_signature", "The JWS is not signed by the certificate that it brings along."
        ) from error
    return said


def _decoded(part: str) -> dict[str, Any]:
    try:
        return json_part(part, parse_json_exactly)
    except ValueError as error:
        raise _malformed("its header or its payload is no JSON object") from error


def _certificates(header: Mapping[str, Any]) -> tuple[x509.Certificate, x509.Certificate]:
    """Return leaf and intermediate of a header; the third one is a root that we have or do not have ourselves."""
    if header.get("alg") != ALGORITHM:
        raise VerificationError("algorithm_not_allowed", f"The JWS's alg is not {ALGORITHM}.")
    if (REFUSED_HEADERS - {"x5c"}) & header.keys():
        raise _malformed("its header points to a key, or has crit, b64 or zip")
    chain = header.get("x5c")
    if not isinstance(chain, list) or len(chain) != CERTIFICATES:
        raise VerificationError("bad_chain", "x5c must hold three certificates: leaf, intermediate and root.")
    try:
        leaf, intermediate = (read_der_certificate(strict_base64(each)) for each in chain[:2])
    except (ValueError, TypeError, AttributeError) as error:
        raise VerificationError("bad_chain", "A certificate in x5c cannot be read.") from error
    return leaf, intermediate


def _proven_key(
    leaf: x509.Certificate,
    intermediate: x509.Certificate,
    roots: Sequence[x509.Certificate],
    signed_at: datetime,
) -> EllipticCurvePublicKey:
    root = next((each for each in roots if _issued(each, intermediate)), None)
    if root is None or not _issued(intermediate, leaf):
        raise VerificationError(
            "bad_chain",
            "The certificates in x5c do not lead to Apple's root (or to root_certs_pem). Somebody else signed, or this channel is "
            "for another environment.",
        )
    if not all(is_in_force(each, signed_at) for each in (leaf, intermediate, root)):
        raise VerificationError("certificate_not_in_force", "A certificate was not in force at signedDate.")
    if not has_extension(leaf, LEAF_PURPOSE) or not has_extension(intermediate, INTERMEDIATE_PURPOSE):
        raise VerificationError("wrong_purpose", "Apple issued these certificates for something else.")
    key = leaf.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise VerificationError("bad_chain", "The leaf's key is none for ES256.")
    return key


def _issued(issuer: x509.Certificate, issued: x509.Certificate) -> bool:
    """Say whether one certificate was issued by another, which may issue some."""
    return is_authority(issuer) and was_issued_by(issued, issuer)


def _malformed(why: str) -> VerificationError:
    return VerificationError("malformed_signature", f"The signed data cannot be read: {why}.")
