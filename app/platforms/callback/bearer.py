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
from app.security.signatures import how_many, same_secret, sha256_hex
from app.wire.signed_tokens import FAULTS, LATEST_TIME, REFUSED_HEADERS

MAX_TOKEN = 8192
CLOCK_SKEW = 60
BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII)


class UnifiedBearer(UnifiedSender):
    """Proves by JWT."""

    def verify_bearer(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender by the token in Authorization; raises VerificationError."""
        header = request.header("Authorization")
        if not header:
            raise VerificationError(
                "missing_token",
                "There is no Authorization header; scheme jwt needs `Authorization: Bearer <token>`.",
            )
        bearer = BEARER.fullmatch(header) if len(header) <= MAX_TOKEN else None
        if bearer is None:
            raise VerificationError(
                "bad_token", f"Authorization must be `Bearer` and one JWT of at most {MAX_TOKEN} characters."
            )
        claims = self._claims(bearer[1])
        _check_times(claims, now.timestamp())
        digest = claims.get("body_sha256")
        if "body_sha256" in claims and not (
            isinstance(digest, str) and same_secret(digest.lower(), sha256_hex(request.body))
        ):
            raise VerificationError(
                "body_does_not_match_token",
                "The body differs: the token's body_sha256 is not the SHA-256 of the bytes received.",
            )
        return Verified("jwt")

    def _claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token that one of the channel's own keys signed.

        The key follows from the algorithm, and the algorithms from configuration, so a public key is never used
        as an HMAC secret. Headers that carry or point to keys, and `crit`, are refused (RFC 8725 §3, read 2026-11-20).
        """
        try:
            header = jwt.get_unverified_header(token)
            if not REFUSED_HEADERS.isdisjoint(header):
                raise VerificationError(
                    "bad_token_header",
                    "The token's header carries or points to a key, or has crit, b64 or zip.",
                )
            algorithm = header.get("alg")
            for key in self._jwt_keys(algorithm):
                if (claims := self._claims_by(key, token, str(algorithm))) is not None:
                    return claims
        except FAULTS as error:
            raise VerificationError("bad_token", _why_unread(error)) from error
        raise VerificationError("bad_signature", f"No key fits {algorithm}. Tried: {self._tried(algorithm)}.")

    def _jwt_keys(self, algorithm: object) -> tuple[bytes, ...]:
        if algorithm not in self.settings.jwt_algorithms:
            raise VerificationError(
                "algorithm_not_allowed",
                f"The token's alg is none of jwt_algorithms ({', '.join(self.settings.jwt_algorithms)}).",
            )
        return self.secrets if algorithm == "HS256" else (self.settings.public_key_pem,)

    def _tried(self, algorithm: object) -> str:
        return how_many(self.secrets, "secret") if algorithm == "HS256" else "jwt_public_key"

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


def _why_unread(error: Exception) -> str:
    """Say what is wrong with a token in words of our own: a library's may repeat the token."""
    if isinstance(error, jwt.InvalidAudienceError):
        return "The token's aud does not name jwt_audience."
    if isinstance(error, jwt.InvalidIssuerError):
        return "The token's iss is not jwt_issuer."
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The token lacks the claim {error.claim}."
    return "The token cannot be read as a JWT."


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
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LATEST_TIME:
            raise VerificationError("bad_token_time", f"The token's {name} is not a time in Unix seconds.")
        if not (now < value if name == "exp" else value <= now + CLOCK_SKEW):
            raise VerificationError(
                reason,
                f"The time differed: the token's {name} is {abs(round(now - value))} seconds "
                f"{'behind' if value < now else 'ahead of'} this gateway's clock; compare the clocks.",
            )
