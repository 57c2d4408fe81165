"""Between a platform's tokens and their sealed form in a connection; lifetimes are clamped here."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from app.core.errors import UpstreamError
from app.core.storable import storable
from app.core.values import TokenSet
from app.security.vault import Vault
from app.storage.login.connections import MAX_SCOPE, SealedTokens

DEFAULT_LIFETIME = 3600
"""Seconds a token counts as good when the platform names no lifetime but gave a refresh token."""

MIN_LIFETIME = 60
MAX_LIFETIME = 10 * 365 * 86_400


def seal_tokens(vault: Vault, identity_id: str, tokens: TokenSet, now: datetime) -> SealedTokens:
    """Seal tokens for the row of one identity; raises UpstreamError when there is no access token."""
    if not isinstance(tokens.access_token, str) or not tokens.access_token:
        raise UpstreamError("upstream_bad_answer", "The platform's answer holds no access token.")

    def seal(text: str | None, column: str) -> bytes | None:
        if not text:
            return None
        return vault.seal(text.encode(), place=token_place(identity_id, column))

    access_token = seal(tokens.access_token, "access_token")
    assert access_token is not None
    return SealedTokens(
        access_token=access_token,
        refresh_token=seal(tokens.refresh_token, "refresh_token"),
        extra=seal(json.dumps(dict(tokens.extra)) if tokens.extra else None, "extra"),
        scope=None if tokens.scope is None else storable(tokens.scope, MAX_SCOPE),
        token_type=storable(tokens.token_type, 32),
        expires_at=_end(_lifetime(tokens), now),
        refresh_expires_at=_end(_clamped(tokens.refresh_expires_in), now),
        refresh_after=None,
    )


def seal_refreshed(
    vault: Vault, identity_id: str, fresh: TokenSet, old: TokenSet, now: datetime
) -> SealedTokens:
    """Seal what a refresh brought; what the platform left out stays as it was (RFC 6749 §6).

    The next refresh waits for half the new life, so that a platform with very short or odd lifetimes is not asked
    again and again.
    """
    merged = TokenSet(
        access_token=fresh.access_token,
        expires_in=fresh.expires_in,
        refresh_token=fresh.refresh_token or old.refresh_token,
        refresh_expires_in=fresh.refresh_expires_in if fresh.refresh_token else old.refresh_expires_in,
        scope=old.scope if fresh.scope is None else fresh.scope,
        token_type=fresh.token_type,
        extra={**old.extra, **fresh.extra},
    )
    sealed = seal_tokens(vault, identity_id, merged, now)
    half_life = timedelta(seconds=(_lifetime(merged) or DEFAULT_LIFETIME) / 2)
    return SealedTokens(
        access_token=sealed.access_token,
        refresh_token=sealed.refresh_token,
        extra=sealed.extra,
        scope=sealed.scope,
        token_type=sealed.token_type,
        expires_at=sealed.expires_at,
        refresh_expires_at=sealed.refresh_expires_at,
        refresh_after=now + half_life,
    )


def open_tokens(vault: Vault, identity_id: str, sealed: SealedTokens, now: datetime) -> TokenSet:
    """Open an identity's tokens; raises VaultError when they belong elsewhere or their key is gone."""

    def read(value: bytes | None, column: str) -> str | None:
        return None if value is None else vault.open(value, place=token_place(identity_id, column)).decode()

    extra = read(sealed.extra, "extra")
    return TokenSet(
        access_token=read(sealed.access_token, "access_token") or "",
        expires_in=_seconds_left(sealed.expires_at, now),
        refresh_token=read(sealed.refresh_token, "refresh_token"),
        refresh_expires_in=_seconds_left(sealed.refresh_expires_at, now),
        scope=sealed.scope,
        token_type=sealed.token_type,
        extra={} if extra is None else json.loads(extra),
    )


def token_place(identity_id: str, column: str) -> str:
    """Return the place a token is sealed for: moved to another person's row, it does not open."""
    return f"connections/{identity_id}/{column}"


def _lifetime(tokens: TokenSet) -> int | None:
    """Return seconds, None for a token that does not expire as far as anybody said and cannot be refreshed."""
    if tokens.expires_in is None:
        return DEFAULT_LIFETIME if tokens.refresh_token else None
    return _clamped(tokens.expires_in)


def _clamped(seconds: int | None) -> int | None:
    return None if seconds is None else int(min(max(seconds, MIN_LIFETIME), MAX_LIFETIME))


def _end(lifetime: int | None, now: datetime) -> datetime | None:
    return None if lifetime is None else now + timedelta(seconds=lifetime)


def _seconds_left(end: datetime | None, now: datetime) -> int | None:
    return None if end is None else int((end - now).total_seconds())
