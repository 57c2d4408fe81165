"""Session tokens: ES256 JWTs that only this gateway makes and that nothing else can pass for (RFC 8725).

The algorithm, the header's members and the token type are fixed; the key comes from our own keys by its id and
never from the token. Whatever the text, checking it raises one error. Read 2026-11-20: RFC 7515, 7519, 7638, 8725.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from app.core.errors import LoginError

ALGORITHM = "ES256"
TOKEN_TYPE = "session+jwt"  # noqa: S105 - the header's typ, not a secret
HEADER_MEMBERS = {"alg", "typ", "kid"}
REQUIRED_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")
MAX_TOKEN_LENGTH = 4096
CLOCK_SKEW = 60
LATEST_TIME = 1 << 40

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Jwk = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """What a session token says, times in Unix seconds."""

    user_id: str
    sid: str
    issued_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, repr=False)
class KeyPair:
    """A new signing key: the private half as DER, the public half as a JWK named by its thumbprint."""

    kid: str
    private_der: bytes
    public_jwk: dict[str, str]


def not_logged_in() -> LoginError:
    """Return the one error for every session that is missing, broken, expired or ended."""
    return LoginError("login_required", "There is no valid session; log in first.", http_status=401)


def new_key_pair() -> KeyPair:
    """Make a P-256 key; its id is the thumbprint of the public half (RFC 7638)."""
    private = generate_private_key(SECP256R1())
    numbers = private.public_key().public_numbers()
    point = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
    canonical = json.dumps(point, separators=(",", ":"), sort_keys=True).encode()
    kid = _base64url(hashlib.sha256(canonical).digest())
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(kid, der, point | {"kid": kid, "use": "sig", "alg": ALGORITHM})


def sign_session_token(
    claims: SessionClaims, *, issuer: str, token_id: str, kid: str, private_der: bytes
) -> str:
    """Return a signed token; issuer and audience are both this gateway."""
    private = load_der_private_key(private_der, password=None)
    if not isinstance(private, EllipticCurvePrivateKey):
        raise TypeError("session tokens are signed with a P-256 key")
    payload = {
        "iss": issuer,
        "aud": issuer,
        "sub": claims.user_id,
        "sid": claims.sid,
        "jti": token_id,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
    }
    return jwt.encode(payload, private, algorithm=ALGORITHM, headers={"typ": TOKEN_TYPE, "kid": kid})


def read_session_token(
    token: str, *, issuer: str, now: float, find_key: Callable[[str], Jwk | None]
) -> SessionClaims:
    """Return what a token says once its signature, issuer, audience, type and times hold.

    `find_key` looks a public key up among our own. Raises the one LoginError for everything else.
    """
    try:
        key = find_key(_key_id(token))
        if key is None:
            raise not_logged_in()
        public = jwt.PyJWK(dict(key), algorithm=ALGORITHM)
        # Times are checked below against the gateway's clock; PyJWT would ask the operating system.
        options: Any = {
            "require": list(REQUIRED_CLAIMS),
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
            "strict_aud": True,
        }
        payload = jwt.decode(
            token, public, algorithms=[ALGORITHM], audience=issuer, issuer=issuer, options=options
        )
        return _checked_claims(payload, issuer, now)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise not_logged_in() from None


def _key_id(token: str) -> str:
    if len(token) > MAX_TOKEN_LENGTH or not _TOKEN.fullmatch(token):
        raise ValueError("not a compact JWT")
    header = jwt.get_unverified_header(token)
    # Exactly these members: no embedded key, no address of one, no critical extension, no compression.
    if set(header) != HEADER_MEMBERS or header["alg"] != ALGORITHM or header["typ"] != TOKEN_TYPE:
        raise ValueError("not the header of a session token")
    kid = header["kid"]
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise ValueError("not a key id")
    return kid


def _checked_claims(payload: Mapping[str, Any], issuer: str, now: float) -> SessionClaims:
    if payload["iss"] != issuer or payload["aud"] != issuer:
        raise ValueError("for somebody else")
    texts = [payload[name] for name in ("sub", "sid", "jti")]
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError("a claim is missing")
    issued_at, expires_at = _time(payload["iat"]), _time(payload["exp"])
    if issued_at > now + CLOCK_SKEW or _time(payload.get("nbf", 0)) > now + CLOCK_SKEW:
        raise ValueError("not valid yet")
    if expires_at <= now:
        raise ValueError("expired")
    return SessionClaims(texts[0], texts[1], issued_at, expires_at)


def _time(value: object) -> int:
    if type(value) is not int or not 0 <= value < LATEST_TIME:
        raise ValueError("not a time")
    return value


def _coordinate(value: int) -> str:
    return _base64url(value.to_bytes(32, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
