"""JSON Web Tokens by which a sender proves a request: one algorithm, our own clock, claims whose meaning is the platform's. Pure.

Beside app/wire/oidc.py, which is about people who log in. RFC 7515, 7519, 8725 (read 2026-11-28). A key inside a token is never
looked at, and `none` is no algorithm. The library checks the signature alone.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jwt

from app.core.errors import VerificationError
from app.security.signatures import hmac_of, how_many, matching
from app.security.strict_json import parse_json_object
from app.wire.key_sets import ProviderKey

MAX_TOKEN: Final = 65_536
LATEST_TIME: Final = 253_402_300_800
"""The year 10000. JSON here also says Infinity, and 1e999; such a token would never end."""

COMPACT: Final = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+")
REFUSED_HEADERS: Final = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})
KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Letters of a key's name, so that it can stand in an address and choose no other one."""

LONGEST_ID: Final = 128
OPTIONS: Final[Any] = {
    f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
} | {"require": []}
FAULTS: Final = (
    jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip


def token_header(token: bytes) -> Mapping[str, Any]:
    """Return the header of a token, which nothing has proven; raises VerificationError."""
    if not token or len(token) > MAX_TOKEN or not COMPACT.fullmatch(token):
        raise VerificationError("malformed_signature", "The token is missing, too long, or no signed JWT.")
    try:
        header = jwt.get_unverified_header(token)
    except FAULTS as error:
        raise VerificationError("malformed_signature", "The token's header cannot be read.") from error
    if not REFUSED_HEADERS.isdisjoint(header):
        raise VerificationError(
            "bad_token_header", "The token's header points to a key, or has crit, b64 or zip."
        )
    return header


def json_part(
    part: str | bytes, read: Callable[[bytes], dict[str, Any]] = parse_json_object
) -> dict[str, Any]:
    """Return what one part of a token says, unproven; raises ValueError."""
    raw = part.encode("ascii") if isinstance(part, str) else part
    return read(urlsafe_b64decode(raw + b"=" * (-len(raw) % 4)))


def unproven_claims(token: bytes) -> Mapping[str, Any]:
    """Return what a token says, which says nothing until it is proven; raises VerificationError."""
    token_header(token)
    return _claims_in(token)


def _claims_in(token: bytes) -> Mapping[str, Any]:
    try:
        return json_part(token.split(b".")[1])
    except ValueError as error:
        raise VerificationError("malformed_signature", "The token's claims are no JSON object.") from error


def named_key(token: bytes, algorithm: str) -> str:
    """Return the name of the key a token says it is signed with, fit for an address; raises VerificationError."""
    kid = _kid(token, algorithm)
    if not isinstance(kid, str) or not KEY_ID.fullmatch(kid):
        raise VerificationError("bad_key_name", "The token's kid is no name of a key.")
    return kid


def listed_key(token: bytes, algorithm: str) -> str:
    """Return the id of the key in a set that a token names; raises VerificationError."""
    kid = _kid(token, algorithm)
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_ID or not kid.isascii() or " " in kid:
        raise VerificationError("malformed_signature", "The token names no key (kid).")
    return kid


def _kid(token: bytes, algorithm: str) -> object:
    return _header_for(token, algorithm).get("kid")


def _header_for(token: bytes, algorithm: str) -> Mapping[str, Any]:
    header = token_header(token)
    if header.get("alg") != algorithm:
        raise VerificationError("algorithm_not_allowed", f"The token's alg is not {algorithm}.")
    return header


def proven_claims(token: bytes, keys: Sequence[Any], algorithm: str) -> Mapping[str, Any]:
    """Return what a token says, signed with one of the keys by this algorithm and no other; raises VerificationError.

    `keys` are secrets (bytes) for HS256, else keys of a set or loaded public keys.
    """
    kid = _header_for(token, algorithm).get("kid")
    if algorithm == "HS256":
        if not is_signed_by_secret(token, keys):
            raise VerificationError(
                "bad_signature", f"Tried: {how_many(keys, 'secret')}. None of them signed the token."
            )
        return _claims_in(token)
    for key in keys:
        if isinstance(key, ProviderKey) and not (isinstance(kid, str) and key.fits(kid, algorithm)):
            continue
        try:
            material = key.ready(algorithm) if isinstance(key, ProviderKey) else key
            claims: Mapping[str, Any] = jwt.decode(token, material, algorithms=[algorithm], options=OPTIONS)
        except FAULTS:
            continue
        return claims
    raise VerificationError("bad_signature", "No key of this channel signed the token.")


def timely_claims(
    token: bytes, keys: Sequence[Any], now: float, *, algorithm: str, leeway: int
) -> Mapping[str, Any]:
    """Return what a token says: signed with one of the keys, begun and not yet ended; raises VerificationError."""
    claims = proven_claims(token, keys, algorithm)
    check_token_times(claims, now, leeway=leeway, must_expire=True)
    return claims


def is_signed_by_secret(token: bytes, secrets: Sequence[bytes]) -> bool:
    """Say whether one of the secrets signed a token (HS256); the library warns of secrets whose length the platform chose."""
    message, _, signature = token.rpartition(b".")
    expected = [urlsafe_b64encode(hmac_of("sha256", key, message)).rstrip(b"=") for key in secrets if key]
    return matching(signature, expected) is not None


def check_token_times(claims: Mapping[str, Any], now: float, *, leeway: int, must_expire: bool) -> None:
    """Check exp, nbf and iat with that many seconds of difference between clocks; raises VerificationError."""
    if must_expire and "exp" not in claims:
        raise VerificationError("bad_token_time", "The token has no exp, so it would never end.")
    for name in ("exp", "nbf", "iat"):
        if name not in claims:
            continue
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LATEST_TIME:
            raise VerificationError("bad_token_time", f"The token's {name} is not a time in Unix seconds.")
        if not (now <= value + leeway if name == "exp" else value - leeway <= now):
            raise VerificationError(
                "timestamp_outside_tolerance",
                f"The time differed: the token's {name} is {abs(round(now - value))} seconds from this gateway's clock.",
            )


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


def check_claim(
    claims: Mapping[str, Any], name: str, expected: Sequence[str], *, reason: str, compare: str
) -> None:
    """Check that a claim is one of the expected texts; `compare` says what an operator compares. Raises VerificationError."""
    given = claims.get(name)
    if not isinstance(given, str) or matching(given, expected) is None:
        raise VerificationError(reason, f"The token's {name} is not the one it must be; compare {compare}.")
