"""WeChat Open Platform, third-party platform (第三方平台): tickets, authorisations, messages of the accounts that authorise it.

Outside documentation: https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/ (read 2026-11-28).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wechat_component.accounts import ComponentAccounts
from app.platforms.wechat_component.callbacks import ComponentCallbacks
from app.platforms.wechat_component.component import keyring
from app.platforms.wechat_component.console import CONSOLE
from app.platforms.wechat_component.login import ComponentLogin
from app.platforms.wechat_component.sending import ComponentSender
from app.platforms.wechat_component.settings import ComponentSettings


class ComponentConnector(ComponentCallbacks, ComponentAccounts, ComponentSender):
    """A third-party platform with its AppSecret: callbacks, its own token, those of its accounts, and messages in their names."""


class ComponentLoginConnector(ComponentConnector, ComponentLogin):
    """One that logs people in too, with the accounts that its channel names."""


def open_component(channel: str, settings: ComponentSettings) -> ComponentCallbacks:
    """Open a channel; without the AppSecret it takes callbacks and keeps neither tickets nor authorisations."""
    connector: type[ComponentCallbacks] = ComponentCallbacks
    if settings.missing_login_secret() is None:
        connector = ComponentLoginConnector if settings.login_app_ids else ComponentConnector
    return connector(channel, settings, keyring(settings))


PLATFORM = PlatformSpec(
    slug="wechat-component",
    display_name="WeChat Third-Party Platform",
    docs_url="https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/getting_started/how_to_read.html",
    settings=ComponentSettings,
    open=open_component,
    console=CONSOLE,
)
