"""The signed token of Huawei IAP: its header, the chain of certificates in it, and the payload once that is proven. Pure.

Sources: see the package (JWSChecker of the sample server). RFC 7515 4.1.6 for `x5c`; the algorithm is never taken from the token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.x509 import Certificate, ObjectIdentifier

from app.core.errors import VerificationError
from app.security.signatures import strict_base64
from app.wire.certificate_chains import has_extension, is_authority, leads_to, was_issued_by
from app.wire.certificates import is_in_force, read_der_certificate
from app.wire.signed_tokens import FAULTS, REFUSED_HEADERS, json_part

ALGORITHM: Final = "ES256"
CHAIN: Final = 3
IAP_LEAF: Final = ObjectIdentifier("1.3.6.1.4.1.2011.2.415.1.1")
"""The extension by which Huawei marks certificates that sign notices."""

COMPACT: Final = re.compile(r"[\w-]{1,40000}\.[\w-]{1,200000}\.[\w-]{1,200}", re.ASCII)
SIGNATURES: Final = jwt.PyJWS(algorithms=[ALGORITHM])


def open_token(token: str, roots: Sequence[Certificate], now: datetime) -> bytes:
    """Return the payload of a token that leads to one of the roots; raises VerificationError."""
    if not COMPACT.fullmatch(token):
        raise VerificationError("malformed_signature", "jwsNotification is not a signed token.")
    leaf = trusted_leaf(_header(token), roots, now)
    key = leaf.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise VerificationError("bad_certificate", "The certificate of the token has no key on P-256.")
    try:
        payload = SIGNATURES.decode(token, key, algorithms=[ALGORITHM])
    except FAULTS as error:
        raise VerificationError(
            "bad_signature", "The signature of the token does not fit its certificate."
        ) from error
    return bytes(payload)


def trusted_leaf(header: dict[str, Any], roots: Sequence[Certificate], now: datetime) -> Certificate:
    """Return the certificate that signed, once it leads to a root of the settings; raises VerificationError."""
    leaf, middle = _certificates(header.get("x5c"))
    if not (is_authority(middle) and is_in_force(middle, now)) or leads_to(middle, roots, now) is None:
        raise VerificationError(
            "untrusted_certificate",
            "The certificates of the token do not lead to root_certs_pem, or one is not in force.",
        )
    if not was_issued_by(leaf, middle):
        raise VerificationError(
            "untrusted_certificate", "The second certificate of the token did not issue the first."
        )
    if not is_in_force(leaf, now):
        raise VerificationError(
            "certificate_not_in_force", "The certificate of the token is not in force at this time."
        )
    if not has_extension(leaf, IAP_LEAF):
        raise VerificationError(
            "foreign_certificate", "The certificate is Huawei's, but not made for notices of IAP."
        )
    return leaf


def _header(token: str) -> dict[str, Any]:
    try:
        header = json_part(token.partition(".")[0])
    except ValueError as error:
        raise VerificationError("malformed_signature", "The header of the token cannot be read.") from error
    if header.get("alg") != ALGORITHM or (REFUSED_HEADERS - {"x5c"}) & header.keys():
        raise VerificationError(
            "algorithm_not_allowed",
            f"The token's alg is not {ALGORITHM}, or its header says more than it may.",
        )
    return header


def _certificates(chain: object) -> tuple[Certificate, Certificate]:
    """Return leaf and intermediate; the root of the token is never looked at."""
    if not isinstance(chain, list) or len(chain) != CHAIN or not all(isinstance(each, str) for each in chain):
        raise VerificationError("bad_certificate", f"x5c of the token must hold {CHAIN} certificates.")
    try:
        leaf, middle = (read_der_certificate(strict_base64(each)) for each in chain[:2])
    except ValueError as error:
        raise VerificationError("bad_certificate", "A certificate of the token cannot be read.") from error
    return leaf, middle
