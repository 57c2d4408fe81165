"""Tokens of the issuer: keys for RS256 and ES256, signing, and reading what this gateway signed. Nothing is looked up here.

Their keys are others than those of sessions, and so are their types (`at+jwt`, `JWT`, `logout+jwt`): no token passes for another
kind. Sources: RFC 7515, 7519, 8725, 9068; OpenID Connect Core §2, Back-Channel Logout §2.4 (read 2026-11-29).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey, import_key

RS256, ES256 = "RS256", "ES256"
ALGORITHMS = (RS256, ES256)
RSA_BITS = 2048
ACCESS_TOKEN = "at+jwt"  # noqa: S105 - the header's typ
ID_TOKEN = "JWT"  # noqa: S105 - the header's typ
LOGOUT_TOKEN = "logout+jwt"  # noqa: S105 - the header's typ
LONGEST_TOKEN = 8192
OPENED_KEYS = 8


@dataclass(frozen=True, slots=True, repr=False)
class IssuerKeyPair:
    """A new key: the private half as JSON of its JWK, the public half as a JWK named by its thumbprint."""

    kid: str
    alg: str
    private: bytes
    public_jwk: dict[str, str]


def new_issuer_key(alg: str) -> IssuerKeyPair:
    """Make a key for one of ALGORITHMS."""
    key = RSAKey.generate_key(RSA_BITS) if alg == RS256 else ECKey.generate_key("P-256")
    kid = key.thumbprint()
    public = {str(name): str(value) for name, value in key.as_dict(private=False).items()}
    private = json.dumps(key.as_dict(private=True)).encode()
    return IssuerKeyPair(kid, alg, private, public | {"kid": kid, "use": "sig", "alg": alg})


@lru_cache(maxsize=OPENED_KEYS)
def opened_key(private: bytes) -> RSAKey | ECKey:
    """Return a private key ready to sign. It is kept: opening an RSA key is checked and takes a hundred signatures' time."""
    key = import_key(json.loads(private))
    if not isinstance(key, RSAKey | ECKey):
        raise TypeError("a key of the issuer is an RSA or an EC key")
    return key


def sign_issuer_token(claims: Mapping[str, Any], *, kind: str, alg: str, kid: str, private: bytes) -> str:
    """Return a signed token of a kind."""
    header = {"typ": kind, "alg": alg, "kid": kid}
    return jwt.encode(header, dict(claims), opened_key(private), [alg])


def read_issuer_token(
    token: str, jwks: Sequence[Mapping[str, str]], *, kinds: Sequence[str], issuer: str
) -> dict[str, Any] | None:
    """Return what a token says that one of these keys signed as one of these kinds, None for anything else.

    Times are the caller's to judge.
    """
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    try:
        keys = KeySet.import_key_set({"keys": [dict(each) for each in jwks]})
        read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return None
    claims = dict(read.claims)
    is_ours = read.header.get("typ") in kinds and claims.get("iss") == issuer
    return claims if is_ours else None
