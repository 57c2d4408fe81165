"""Acme's login: a code grant with PKCE, and a page that says who it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from app.core.errors import GrantRejected, LoginError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.acme.account import AcmeAccount, content_of, seconds, text


class AcmeLogin(AcmeAccount):
    """Logs people in; satisfies app.core.ports.LoginProvider."""

    pkce = True
    code_parameters: tuple[str, ...] = ("code",)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to."""
        query = {
            "client_id": self.settings.client_id,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "code_challenge": request.code_challenge,
        }
        return f"{self.settings.api_base}/authorize?{urlencode(query)}"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, once."""
        form = {"code": grant.code, "redirect_uri": grant.redirect_uri, "code_verifier": grant.code_verifier}
        return _tokens(self.call_as_client("/token", form, http))

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in."""
        headers = {"Authorization": f"Bearer {tokens.access_token}"}
        person = content_of(http.request("GET", f"{self.settings.api_base}/me", headers=headers))
        if person.get("closed") is True:
            raise LoginError("account_closed", "This Acme account is closed; log in with another one.")
        return Identity(
            issuer=f"acme:{self.settings.client_id}",
            subject_kind="acme_id",
            subject=text(person, "acme_id"),
            name=text(person, "name"),
        )

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token."""
        if not tokens.refresh_token:
            raise GrantRejected(platform_code="no_refresh_token")
        return _tokens(self.call_as_client("/token", {"refresh_token": tokens.refresh_token}, http))


def _tokens(body: Mapping[str, Any]) -> TokenSet:
    return TokenSet(
        text(body, "access_token"),
        expires_in=seconds(body, "expires_in"),
        refresh_token=text(body, "refresh_token"),
    )
