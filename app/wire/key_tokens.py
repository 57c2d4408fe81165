"""JSON Web Tokens signed with a key that their header names: one algorithm, and claims whose meaning is the platform's. Pure.

RFC 7519, RFC 8725 (read 2026-11-28). The library checks the signature alone; times are judged with the caller's clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.core.errors import VerificationError
from app.wire.sources.jwt_proofs import OPTIONS, Faults, token_header

LATEST_TIME: Final = 253_402_300_800
KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Letters of a key's name, so that it can stand in an address and choose no other one."""


def named_key(token: bytes, algorithm: str) -> str:
    """Return the name of the key a token says it is signed with; raises VerificationError."""
    header = token_header(token)
    if header.get("alg") != algorithm:
        raise VerificationError("algorithm_not_allowed", f"The token's alg is not {algorithm}.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not KEY_ID.fullmatch(kid):
        raise VerificationError("bad_key_name", "The token's kid is no name of a key.")
    return kid


def proven_claims(token: bytes, key: bytes, algorithm: str) -> Mapping[str, Any]:
    """Return what a token says once its signature is proven; `key` is DER; raises VerificationError."""
    named_key(token, algorithm)
    loaded = load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey | EllipticCurvePublicKey):
        raise VerificationError("unknown_key", "The key is of another kind than the token's.")
    try:
        claims: Mapping[str, Any] = jwt.decode(token, loaded, algorithms=[algorithm], options=OPTIONS)
    except Faults as error:
        raise VerificationError(
            "bad_signature", "The token is not signed with the key that it names."
        ) from error
    return claims


def signed_second(claims: Mapping[str, Any], name: str) -> int:
    """Return a time that a token says, in Unix seconds; raises VerificationError for what is none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LATEST_TIME:
        raise VerificationError(
            "bad_token_time", f"The token's {name} is missing, or no time in whole seconds."
        )
    return value


def check_window(moment: int, now: float, tolerance: int) -> None:
    """Refuse a signed time more than `tolerance` seconds away from now; raises VerificationError."""
    if abs(now - moment) > tolerance:
        raise VerificationError(
            "timestamp_outside_tolerance",
            f"The time differed: it is {abs(round(now - moment))} seconds {'behind' if moment < now else 'ahead of'} this "
            f"gateway's clock, {tolerance} are allowed. Compare the clocks.",
        )
