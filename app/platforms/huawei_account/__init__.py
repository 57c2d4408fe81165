"""HUAWEI ID (Account Kit): what happened to a person's account, told by RISC. One channel is one application's subscription.

The parts: settings, security_events (what a message says), callbacks. Page read: developer.huawei.com/consumer/cn/doc/harmonyos-guides/
subscribe-process-userinfo-change (copies of 2026, read 2026-11-28). Logging in is the preset `huawei` of `oauth2`.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.huawei_account.callbacks import HuaweiAccountCallbacks, HuaweiAccountFinder
from app.platforms.huawei_account.settings import HuaweiAccountSettings


def open_subscription(_channel: str, settings: HuaweiAccountSettings) -> HuaweiAccountCallbacks:
    """Open a channel; with `jwks` no key is fetched."""
    return HuaweiAccountCallbacks(settings) if settings.jwks else HuaweiAccountFinder(settings)


PLATFORM = PlatformSpec(
    slug="huawei-account",
    display_name="Huawei Account",
    docs_url="https://developer.huawei.com/consumer/cn/doc/harmonyos-guides/subscribe-process-userinfo-change",
    settings=HuaweiAccountSettings,
    open=open_subscription,
)
