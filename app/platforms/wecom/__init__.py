"""WeCom (企业微信), self-built applications: callbacks, login inside the app and by QR code, app token.

Outside documentation: https://developer.work.weixin.qq.com/document/ (read 2026-11-20).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wecom.app_token import WecomAppTokens
from app.platforms.wecom.callbacks import WecomCallbacks
from app.platforms.wecom.js_pages import WecomJsPages
from app.platforms.wecom.login import WecomLogin
from app.platforms.wecom.relay import WecomRelay
from app.platforms.wecom.settings import WecomSettings


class WecomCompany(WecomCallbacks, WecomAppTokens, WecomRelay, WecomJsPages):
    """A channel with a Secret and without an AgentId: callbacks and the app token (contacts, customers)."""


class WecomConnector(WecomCompany, WecomLogin):
    """One application with everything it can do."""


def open_application(_channel: str, settings: WecomSettings) -> WecomCallbacks:
    """Open a channel; what needs the Secret or the AgentId is only offered when there is one."""
    if settings.missing_login_secret() is None:
        return WecomConnector(settings)
    return WecomCompany(settings) if settings.secret.get_secret_value() else WecomCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="wecom",
    display_name="WeCom",
    docs_url="https://developer.work.weixin.qq.com/document/path/96466",
    settings=WecomSettings,
    open=open_application,
)
