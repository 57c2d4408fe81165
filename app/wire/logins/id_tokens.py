"""ID tokens as a description wants them: by a key of the server or, only where it says so, by the client secret.

What every ID token must say is in app/wire/oidc.py. Sources: OpenID Connect Core 1.0 §3.1.3.7; LINE, "Verify ID tokens" (HS256 with the
channel secret); Microsoft, "ID token claims" (issuer with the tenant in it); all read 2026-11-28.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from app.core.errors import TokenRejected, UpstreamError
from app.core.values import JSON
from app.wire.oidc import Expected, bad_token, check_claims
from app.wire.signed_tokens import is_signed_by_secret, json_part

TENANT = "{tid}"
TENANT_LENGTH = 36
TENANT_ALPHABET = frozenset("0123456789abcdefABCDEF-")
LONGEST = 16_384
PARTS = 3


def rejected(error: UpstreamError) -> UpstreamError:
    """Return a refusal of an ID token as what it is: the login proves nothing, and a new one is needed."""
    told = TokenRejected(error.message)
    told.code, told.hint, told.http_status = error.code, "id_token", error.http_status
    return told


def issuer_for_tenants(template: str, allowed: Sequence[str]) -> Callable[[JSON], str]:
    """Return what says a tenant's issuer from signed claims; raises UpstreamError for a tenant that may not log in."""
    listed = frozenset(each.lower() for each in allowed)

    def issuer_of(claims: JSON) -> str:
        tenant = claims.get("tid")
        if (
            not isinstance(tenant, str)
            or len(tenant) != TENANT_LENGTH
            or not TENANT_ALPHABET.issuperset(tenant)
        ):
            raise bad_token("The login server's ID token names no tenant (tid).")
        if listed and tenant.lower() not in listed:
            error = UpstreamError(
                "login_refused",
                "This account belongs to an organisation that may not log in here; tenants in the channel lists those that may.",
                platform_code=None,
                http_status=403,
            )
            error.hint = "tenant"
            raise error
        return template.replace(TENANT, tenant)

    return issuer_of


def read_shared_key_token(token: object, expected: Expected, secret: str) -> JSON:
    """Return the claims of a token that the client secret signed (HS256); raises UpstreamError.

    The library refuses secrets shorter than the digest, and a provider chooses its own, so the comparison is ours.
    """
    if token is None:
        raise bad_token("The login server gave no ID token: there is none, although the scope holds openid.")
    parts = token.split(".") if isinstance(token, str) and len(token) <= LONGEST and token.isascii() else []
    if len(parts) != PARTS or not secret:
        raise bad_token("The login server's ID token is not a signed JWT.")
    header = _object(parts[0])
    if header.get("alg") != "HS256" or not {"crit", "b64", "zip"}.isdisjoint(header):
        raise bad_token("The login server's ID token is signed in another way than HS256.")
    if not is_signed_by_secret(str(token).encode(), [secret.encode()]):
        raise bad_token("The login server's ID token is not signed with the application's secret.")
    claims = _object(parts[1])
    check_claims(claims, expected, hashlib.sha256)
    return claims


def _object(part: str) -> dict[str, Any]:
    try:
        return json_part(part)
    except ValueError:
        raise bad_token("The login server's ID token cannot be read.") from None
