"""What a token of Atlassian Connect must say: who signed it, when, and a digest of method, path and query (qsh). Pure.

Sources (read 2026-11-28): developer.atlassian.com, "Understanding JWT for Connect apps", "Creating a query string hash"; PyPI atlassian-jwt 3.0.0. What is odd: the body is not signed at all. Tokens for the
browser side carry the text context-qsh instead of a digest and must not pass here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.signatures import same_secret, sha256_hex, wire_bytes
from app.wire.header_values import needed_header
from app.wire.signed_tokens import is_signed_by_secret, signed_second, token_header, unproven_claims

SCHEME: Final = "jwt"
TOKEN_PARAMETER: Final = "jwt"  # noqa: S105 - a parameter's name
MOST_PARAMETERS: Final = 200
UNRESERVED: Final = "-._~"


def token_of(request: InboundRequest) -> bytes:
    """Return the token of `Authorization: JWT …`; raises VerificationError."""
    scheme, _, token = needed_header(request, "Authorization").partition(" ")
    if scheme.lower() != SCHEME:
        raise VerificationError("missing_signature_header", "Authorization does not begin with JWT.")
    return wire_bytes(token.strip())


def claims_by_secret(token: bytes, secret: bytes) -> Mapping[str, Any]:
    """Return what a tenant's token says once its HMAC is proven (HS256); raises VerificationError."""
    if token_header(token).get("alg") != "HS256":
        raise VerificationError("algorithm_not_allowed", "The token of a webhook is not signed with HS256.")
    if not is_signed_by_secret(token, [secret]):
        raise VerificationError(
            "bad_signature",
            "The tenant's sharedSecret did not sign the token; after a new installation it is another one.",
        )
    return unproven_claims(token)


def check_claims(claims: Mapping[str, Any], *, qsh: str, now: float, leeway: int) -> None:
    """Judge times and the digest of the address; raises VerificationError."""
    begin, end = signed_second(claims, "iat"), signed_second(claims, "exp")
    if not begin - leeway <= now <= end + leeway:
        raise VerificationError(
            "timestamp_outside_tolerance",
            f"The time differed: the token is good from {begin} to {end}, this gateway's clock says {round(now)}.",
        )
    given = claims.get("qsh")
    if not isinstance(given, str) or not same_secret(given, qsh):
        raise VerificationError(
            "wrong_qsh",
            "The token is for another address. Compare base_url with the descriptor's baseUrl, and see whether a proxy changes "
            "path or query.",
        )


def query_string_hash(request: InboundRequest, base_url: str) -> str:
    """Return the digest of method, path below the base and query; raises VerificationError for a path outside of it."""
    base = urlsplit(base_url).path.rstrip("/")
    if not (request.path == base or request.path.startswith(base + "/")):
        raise VerificationError("wrong_path", "The address is not below base_url.")
    path = request.path[len(base) :].rstrip("/") or "/"
    path = quote(path, safe="/:@!$'()*+,;=~")
    return sha256_hex(f"{request.method.upper()}&{path}&{_canonical(request.query_string)}".encode())


def _canonical(query: str) -> str:
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="surrogateescape"
        )
    except ValueError as error:
        raise VerificationError(
            "bad_query", f"The address has more than {MOST_PARAMETERS} parameters."
        ) from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name != TOKEN_PARAMETER:
            values.setdefault(_encoded(name), []).append(_encoded(value))
    return "&".join(f"{name}={','.join(sorted(values[name]))}" for name in sorted(values))


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=UNRESERVED)
