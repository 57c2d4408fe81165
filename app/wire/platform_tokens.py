"""Tokens by which a platform says that a request is its own: RS256, keys published as a JWK set, found by their ids.

Beside app.wire.oidc, which is about people who log in. Pure but for `fetch_jwks`. RFC 7515, 7519, 8725 (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.errors import VerificationError
from app.core.exact_json import write_json
from app.security.signatures import matching
from app.security.strict_json import parse_json
from app.wire.oidc import ProviderKey
from app.wire.sources.jwt_proofs import check_token_times, keys_of_set, proven_claims, token_header

ALGORITHM: Final = "RS256"
LONGEST_ID: Final = 128


def key_id_of(token: bytes) -> str:
    """Return the id of the key that a token names, unproven; raises VerificationError."""
    header = token_header(token)
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM:
        raise VerificationError("algorithm_not_allowed", f"The token's alg is not {ALGORITHM}.")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_ID or not kid.isascii() or " " in kid:
        raise VerificationError("malformed_signature", "The token names no key (kid).")
    return kid


def written(keys: Sequence[Mapping[str, Any]]) -> bytes:
    """Return keys as bytes, as the gateway keeps what it found."""
    return write_json({"keys": list(keys)})


def keys_from(material: bytes) -> tuple[ProviderKey, ...]:
    """Return the keys that were kept; raises VerificationError when none of them can be used."""
    try:
        return keys_of_set(parse_json(material))
    except ValueError as error:
        raise VerificationError(
            "unknown_key", "The key that the token names is none that can be used."
        ) from error


def claims_of(token: bytes, keys: Sequence[ProviderKey], now: float, *, leeway: int) -> Mapping[str, Any]:
    """Return what a token says: signed with one of the keys, begun and not yet ended; raises VerificationError."""
    claims = proven_claims(token, keys, ALGORITHM)
    check_token_times(claims, now, leeway=leeway, must_expire=True)
    return claims


def check_claim(
    claims: Mapping[str, Any], name: str, expected: Sequence[str], *, reason: str, compare: str
) -> None:
    """Check that a claim is one of the expected texts; `compare` says what an operator compares. Raises VerificationError."""
    given = claims.get(name)
    if not isinstance(given, str) or matching(given, expected) is None:
        raise VerificationError(reason, f"The token's {name} is not the one it must be; compare {compare}.")
