"""JSON Web Key sets: which of their keys can be used, for which algorithm, and how a found key is kept. Pure.

Everything from there is hostile until read. Sources: RFC 7517, 7518, 8037, 8725 (all read 2026-11-28).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from app.core.errors import VerificationError
from app.core.exact_json import write_json
from app.security.strict_json import parse_json

MOST_KEYS = 64

JWK_MEMBERS = {"RSA": ("n", "e"), "EC": ("x", "y"), "OKP": ("x",)}
LONGEST_MEMBER = 1400
"""Characters of a key's number: 8192 bits in Base64."""

SHORTEST_RSA = 340
"""Characters of a 2040-bit modulus; shorter RSA keys are not used (RFC 7518 §3.3)."""

LONGEST_EXPONENT = 8


@dataclass(frozen=True, slots=True)
class _Algorithm:
    """Which keys an algorithm takes, and the digest that `at_hash` is made with."""

    kty: str
    curve: str | None
    digest: Callable[[bytes], Any]


ALGORITHMS = {
    "RS256": _Algorithm("RSA", None, hashlib.sha256),
    "PS256": _Algorithm("RSA", None, hashlib.sha256),
    "ES256": _Algorithm("EC", "P-256", hashlib.sha256),
    "EdDSA": _Algorithm("OKP", "Ed25519", hashlib.sha512),
    "RS384": _Algorithm("RSA", None, hashlib.sha384),
    "RS512": _Algorithm("RSA", None, hashlib.sha512),
    "ES384": _Algorithm("EC", "P-384", hashlib.sha384),
    "ES512": _Algorithm("EC", "P-521", hashlib.sha512),
}
"""Asymmetric ones only: with HS256 whoever knows the client secret could make ID tokens, and `none` proves nothing."""

USUAL_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""What is taken where nothing else is written; a described login names its own."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """One public key of a server; `alg` is the only algorithm it is for, None when it names none."""

    kid: str | None
    kty: str
    curve: str | None
    alg: str | None
    members: Mapping[str, str]

    def fits(self, kid: str | None, algorithm: str) -> bool:
        """Say whether a token with this key id and algorithm may be signed with this key."""
        wanted = ALGORITHMS[algorithm]
        return (
            (kid is None or kid == self.kid)
            and (self.kty, self.curve) == (wanted.kty, wanted.curve)
            and self.alg in (None, algorithm)
        )

    def ready(self, algorithm: str) -> jwt.PyJWK:
        """Return the key as the library takes it; raises the library's errors for numbers that are no key."""
        members = {"kty": self.kty, **self.members} | ({"crv": self.curve} if self.curve else {})
        return jwt.PyJWK(members, algorithm=algorithm)


def usable_keys(listed: Sequence[object]) -> tuple[ProviderKey, ...]:
    """Return the keys of a set with which signatures can be checked; all others are passed over, whatever is wrong with them.

    Not used are keys for encryption, symmetric and private keys, weak and huge ones, and what cannot be read.
    """
    found = (_read_key(each) for each in listed[:MOST_KEYS])
    return tuple(key for key in found if key is not None)


def keys_of_set(said: object) -> tuple[ProviderKey, ...]:
    """Return the keys of a set; raises ValueError when there is none that can be used."""
    listed = said.get("keys") if isinstance(said, Mapping) else None
    if not isinstance(listed, list):
        raise ValueError("it holds no list of keys")
    found = usable_keys(listed)
    if not found:
        raise ValueError("it holds no public key that can be used")
    return found


def kept_form(keys: Sequence[Mapping[str, Any]]) -> bytes:
    """Return keys as bytes, as the gateway keeps what it found."""
    return write_json({"keys": list(keys)})


def keys_from(kept: bytes) -> tuple[ProviderKey, ...]:
    """Return the keys that were kept; raises VerificationError when none of them can be used."""
    try:
        return keys_of_set(parse_json(kept))
    except ValueError as error:
        raise VerificationError(
            "unknown_key", "The key that the token names is none that can be used."
        ) from error


def _read_key(said: object) -> ProviderKey | None:
    if not isinstance(said, dict) or "d" in said or said.get("use", "sig") != "sig":
        return None
    operations, kty = said.get("key_ops", ["verify"]), said.get("kty")
    names = JWK_MEMBERS.get(kty) if isinstance(kty, str) else None
    if names is None or not isinstance(operations, list) or "verify" not in operations:
        return None
    members = {name: said.get(name) for name in names}
    if not all(isinstance(text, str) and 0 < len(text) <= LONGEST_MEMBER for text in members.values()):
        return None
    numbers = {name: str(text) for name, text in members.items()}
    if kty == "RSA" and (len(numbers["n"]) < SHORTEST_RSA or len(numbers["e"]) > LONGEST_EXPONENT):
        return None
    kid, curve, alg = (said.get(name) for name in ("kid", "crv", "alg"))
    if not all(text is None or isinstance(text, str) for text in (kid, curve, alg)):
        return None
    return ProviderKey(kid, str(kty), curve if kty != "RSA" else None, alg, numbers)
