"""Scheme jwt: a bearer token that one of the channel's own keys signed, and its times (RFC 7519, RFC 8725; read 2026-11-20)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import jwt
from jwt.types import Options

from app.core.errors import VerificationError
from app.core.values import InboundRequest, Verified
from app.platforms.callback.sender import UnifiedSender
from app.security.signatures import same_secret, sha256_hex

MAX_TOKEN = 8192
CLOCK_SKEW = 60
BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)
REFUSED_JWT_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})


class UnifiedBearer(UnifiedSender):
    """Proves by JWT."""

    def verify_bearer(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender by the token in Authorization; raises VerificationError."""
        header = request.header("Authorization")
        if not header:
            raise VerificationError("missing_token")
        bearer = BEARER.fullmatch(header) if len(header) <= MAX_TOKEN else None
        if bearer is None:
            raise VerificationError("bad_token")
        claims = self._claims(bearer[1])
        _check_times(claims, now.timestamp())
        digest = claims.get("body_sha256")
        if "body_sha256" in claims and not (
            isinstance(digest, str) and same_secret(digest.lower(), sha256_hex(request.body))
        ):
            raise VerificationError("body_does_not_match_token")
        return Verified("jwt")

    def _claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that one of the channel's own keys signed.

        The key follows from the algorithm, and the algorithms from configuration, so a public key is never used
        as an HMAC secret. Headers that carry or point to keys, and `crit`, are refused (RFC 8725 §3, read 2026-11-20).
        """
        try:
            header = jwt.get_unverified_header(token)
            if not REFUSED_JWT_HEADERS.isdisjoint(header):
                raise VerificationError("bad_token_header")
            algorithm = header.get("alg")
            for key in self._jwt_keys(algorithm):
                if (claims := self._claims_by(key, token, str(algorithm))) is not None:
                    return claims
        except (
            jwt.PyJWTError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise VerificationError("bad_token") from error
        raise VerificationError("bad_signature")

    def _jwt_keys(self, algorithm: object) -> tuple[bytes, ...]:
        if algorithm not in self.settings.jwt_algorithms:
            raise VerificationError("algorithm_not_allowed")
        return self.secrets if algorithm == "HS256" else (self.settings.public_key_pem,)

    def _claims_by(self, key: bytes, token: str, algorithm: str) -> dict[str, Any] | None:
        audience, issuer = self.settings.jwt_audience, self.settings.jwt_issuer
        # The times are checked against the caller's clock, in _check_times.
        options = Options(
            require=["exp"],
            verify_exp=False,
            verify_nbf=False,
            verify_iat=False,
            verify_aud=audience is not None,
            verify_iss=issuer is not None,
        )
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options=options
            )
        except jwt.InvalidSignatureError:
            return None
        return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    """Check exp without, nbf and iat with a minute of leeway for clocks that differ."""
    for name, reason in (
        ("exp", "token_expired"),
        ("nbf", "token_not_yet_valid"),
        ("iat", "token_from_the_future"),
    ):
        if name not in claims:
            continue
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise VerificationError("bad_token_time")
        if not (now < value if name == "exp" else value <= now + CLOCK_SKEW):
            raise VerificationError(reason)
