"""Acme, which does not exist: signed JSON callbacks, login, an app token, and messages sent with it."""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.acme.app_token import AcmeAppToken
from app.platforms.acme.callbacks import AcmeCallbacks
from app.platforms.acme.login import AcmeLogin
from app.platforms.acme.sending import AcmeSender
from app.platforms.acme.settings import AcmeSettings


class AcmeConnector(AcmeCallbacks, AcmeLogin, AcmeAppToken, AcmeSender):
    """One account with everything it can do."""


PLATFORM = PlatformSpec(
    slug="acme",
    display_name="Acme Works",
    docs_url="https://acme.example/docs",
    settings=AcmeSettings,
    open=lambda _name, settings: AcmeConnector(settings),
)
