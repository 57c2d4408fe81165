"""Login with any OAuth 2.0 server whose addresses are configured; nothing here knows a particular one.

The parts: settings, client (the base of every capability), login, openid (a server known by its issuer) with discovery,
revocation, topup; tables and the files in presets/, which describe providers by data (app/wire/logins).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.oauth2.discovery import IssuersServer
from app.platforms.oauth2.login import OAuth2Login
from app.platforms.oauth2.openid import OpenIdLogin
from app.platforms.oauth2.revocation import OAuth2Revocation
from app.platforms.oauth2.settings import OAuth2Settings
from app.platforms.oauth2.tables import ChannelTables
from app.platforms.oauth2.topup import OAuth2Topup
from app.wire.logins.connector import DescribedLogin, open_login
from app.wire.logins.engine import Engine
from app.wire.logins.settings import LoginSettings


class RevocableLogin(OAuth2Login, OAuth2Revocation):
    """A server that ends tokens on request."""


class TopupLogin(OAuth2Login, OAuth2Topup):
    """A server that has a page to add money."""


class RevocableTopupLogin(OAuth2Login, OAuth2Revocation, OAuth2Topup):
    """A server that can do both."""


class RevocableOpenIdLogin(OpenIdLogin, OAuth2Revocation):
    """A discovered server that ends tokens on request."""


class TopupOpenIdLogin(OpenIdLogin, OAuth2Topup):
    """A discovered server that has a page to add money."""


class RevocableTopupOpenIdLogin(OpenIdLogin, OAuth2Revocation, OAuth2Topup):
    """A discovered server that can do both."""


def open_channel(_name: str, settings: OAuth2Settings | LoginSettings) -> OAuth2Login | DescribedLogin:
    """Return a connector with exactly the capabilities that are configured or described."""
    if isinstance(settings, LoginSettings):
        return open_login(Engine(settings.login, settings))
    can = bool(settings.revoke_url), bool(settings.topup_url)
    if settings.issuer:
        return DISCOVERED_KINDS[can](settings, IssuersServer(settings))
    return KINDS[can](settings)


KINDS = {
    (False, False): OAuth2Login,
    (True, False): RevocableLogin,
    (False, True): TopupLogin,
    (True, True): RevocableTopupLogin,
}
"""By whether the server ends tokens and whether it has a page to add money."""

DISCOVERED_KINDS = {
    (False, False): OpenIdLogin,
    (True, False): RevocableOpenIdLogin,
    (False, True): TopupOpenIdLogin,
    (True, True): RevocableTopupOpenIdLogin,
}


PLATFORM = PlatformSpec(
    slug="oauth2",
    display_name="OAuth 2.0",
    docs_url="https://datatracker.ietf.org/doc/html/rfc6749",
    settings=ChannelTables(),  # type: ignore[arg-type]  # asked for what a model is asked for
    open=open_channel,
)
