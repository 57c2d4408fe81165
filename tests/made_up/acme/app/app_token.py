"""The application's own token at Acme."""

from __future__ import annotations

from app.core.ports import HttpClient
from app.core.values import AppToken
from app.platforms.acme.account import AcmeAccount, seconds, text


class AcmeAppToken(AcmeAccount):
    """Fetches the token; satisfies app.core.ports.AppTokenSource."""

    refresh_app_token_before = 300

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch a token; Acme gives a new one each time."""
        body = self.call_as_client("/app_token", {}, http)
        return AppToken(text(body, "app_token"), seconds(body, "expires_in"))
