"""What one opened channel knows for as long as it lives, and the one way in which a client calls its server.

Read 2026-11-20: RFC 6749 §2.3.1. No call is ever repeated here: codes work once.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote_plus, urlsplit

from app.config.platform_settings import plain
from app.core.ports import HttpAnswer, HttpClient
from app.platforms.oauth2.settings import OAuth2Settings
from app.security.outbound import origin_of


@dataclass(frozen=True, repr=False)
class OAuth2Client:
    """One application at one OAuth 2.0 server; each capability of the platform is a class derived from this one."""

    settings: OAuth2Settings

    @property
    def secret(self) -> str:
        """The client secret as text; of several the first is used."""
        return plain(self.settings.client_secret)[0].decode()

    @property
    def issuer(self) -> str:
        """Whose subjects these are: the server's host and the application."""
        token = urlsplit(self.settings.token_url)
        host = token.hostname if token.port is None else f"{token.hostname}:{token.port}"
        return f"oauth2:{host}:{self.settings.client_id}"

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins of the addresses that are called; the browser's own page is not one of them."""
        own = self.settings
        called = (own.token_url, own.userinfo_url, own.revoke_url, own.topup_url)
        return frozenset(origin_of(address) for address in called if address)

    def token_address(self, http: HttpClient) -> str:
        """Return where codes and refresh tokens are redeemed."""
        return self.settings.token_url

    def userinfo_address(self, http: HttpClient) -> str:
        """Return what says who logged in."""
        return self.settings.userinfo_url

    def call_as_client(self, address: str, form: dict[str, str], http: HttpClient) -> HttpAnswer:
        """Authenticate in the body or, with both parts form-encoded first, in the header (RFC 6749 §2.3.1)."""
        own = self.settings
        if own.client_auth == "body":
            secret = {"client_id": own.client_id, "client_secret": self.secret}
            return http.request("POST", address, form=form | secret)
        pair = f"{quote_plus(own.client_id)}:{quote_plus(self.secret)}"
        basic = base64.b64encode(pair.encode()).decode()
        return http.request("POST", address, form=form, headers={"Authorization": f"Basic {basic}"})
