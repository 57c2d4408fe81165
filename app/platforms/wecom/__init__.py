"""WeCom (企业微信), self-built applications: callbacks, login inside the app and by QR code, app token, messages; robots of groups.

Outside documentation: https://developer.work.weixin.qq.com/document/ (read 2026-11-20).
"""

from __future__ import annotations

from app.config.platform_settings import plain_text
from app.core.ports import PlatformSpec
from app.platforms.wecom.app_token import WecomAppTokens
from app.platforms.wecom.callbacks import WecomCallbacks
from app.platforms.wecom.console import CONSOLE
from app.platforms.wecom.js_pages import WecomJsPages
from app.platforms.wecom.login import WecomLogin
from app.platforms.wecom.media import WecomMedia
from app.platforms.wecom.relay import WecomRelay
from app.platforms.wecom.sending import WecomSender
from app.platforms.wecom.settings import WecomSettings


class WecomCompany(WecomCallbacks, WecomAppTokens, WecomRelay, WecomJsPages):
    """A channel with a Secret and without an AgentId: callbacks and the app token (contacts, customers)."""


class WecomConnector(WecomCompany, WecomLogin, WecomSender, WecomMedia):
    """One application with everything it can do."""


class WecomCompanyRobot(WecomCompany, WecomSender, WecomMedia):
    """The same without an AgentId, beside a group's robot."""


class WecomRobot(WecomCallbacks, WecomSender, WecomMedia):
    """A group's robot, and callbacks where there are keys for them."""


def open_application(_channel: str, settings: WecomSettings) -> WecomCallbacks:
    """Open a channel; what needs the Secret, the AgentId or a robot's key is only offered when there is one."""
    if settings.missing_login_secret() is None:
        return WecomConnector(settings)
    has_robot = bool(plain_text(settings.robot_key))
    if plain_text(settings.secret):
        return WecomCompanyRobot(settings) if has_robot else WecomCompany(settings)
    return WecomRobot(settings) if has_robot else WecomCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="wecom",
    display_name="WeCom",
    docs_url="https://developer.work.weixin.qq.com/document/path/96466",
    settings=WecomSettings,
    open=open_application,
    console=CONSOLE,
)
