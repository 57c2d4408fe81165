"""Ending tokens at the server (RFC 7009, read 2026-11-20)."""

from __future__ import annotations

from app.core.ports import HttpClient
from app.core.values import TokenSet
from app.platforms.oauth2.client import OAuth2Client
from app.wire.oauth2 import (
    error_of,
    grant_error,
    looks_like_json,
    raise_when_busy,
)


class OAuth2Revocation(OAuth2Client):
    """Ends tokens; satisfies app.core.ports.TokenRevoker."""

    def revoke(self, tokens: TokenSet, http: HttpClient) -> None:
        """Tell the server to forget both tokens, the refresh token first because it could make new ones."""
        for hint, token in (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token)):
            if not token:
                continue
            form = {"token": token, "token_type_hint": hint}
            answer = self.call_as_client(self.settings.revoke_url, form, http)
            raise_when_busy(answer)
            word = error_of(answer.json_object()) if looks_like_json(answer) else None
            if word == "unsupported_token_type":
                continue
            if word is not None or answer.status >= 400:  # noqa: PLR2004
                raise grant_error(word or str(answer.status), answer.status)
