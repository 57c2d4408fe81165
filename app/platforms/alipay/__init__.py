"""Alipay (支付宝): payment notifications and login. One channel is one application of the open platform.

Pages read: see `/docs/platforms/alipay.md` and the head of each file. The parts: settings, keys (RSA and certificates), account (the base of
every capability), notice_form (what is signed), callbacks, gateway (signed calls and their signed answers) with error_codes, login, and orders (is one paid?).
Odd: the signature covers the decoded pairs in the notification's own charset, sorted; the answer must be exactly `success`.
"""

from __future__ import annotations

from app.config.platform_settings import plain_text
from app.core.ports import PlatformSpec
from app.platforms.alipay.callbacks import AlipayCallbacks
from app.platforms.alipay.console import CONSOLE
from app.platforms.alipay.login import AlipayLogin
from app.platforms.alipay.orders import AlipayOrders
from app.platforms.alipay.settings import AlipaySettings


class AlipayConnector(AlipayCallbacks, AlipayLogin, AlipayOrders):
    """One application with everything it can do."""


def open_channel(_name: str, settings: AlipaySettings) -> AlipayCallbacks:
    """Open a channel; without an app_private_key nothing can be asked of Alipay, so nobody is logged in."""
    return AlipayConnector(settings) if plain_text(settings.app_private_key) else AlipayCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="alipay",
    display_name="Alipay",
    docs_url="https://opendocs.alipay.com/open/203/105286",
    settings=AlipaySettings,
    open=open_channel,
    console=CONSOLE,
)
