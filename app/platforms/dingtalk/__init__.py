"""DingTalk (钉钉): encrypted events, robots, login by QR code and in the app, messages. One channel is one application of a company.

Pages read: see `/docs/platforms/dingtalk.md` and the head of each file. The parts: settings, app (the base of every capability), callbacks
(events and robots), answers with error_codes for what the platform replies, login, member_login (免登 and members' ids), app_token, sending with message_types, send_rules and app_robot.
Odd: events and robots come to one address and are proven in two ways; a robot's signature covers the time only.
"""

from __future__ import annotations

from app.config.platform_settings import plain_text
from app.core.ports import PlatformSpec
from app.platforms.dingtalk.afterwards import DingtalkMessages
from app.platforms.dingtalk.app_token import DingtalkAppToken
from app.platforms.dingtalk.callbacks import DingtalkCallbacks
from app.platforms.dingtalk.console import CONSOLE
from app.platforms.dingtalk.js_pages import DingtalkJsPages
from app.platforms.dingtalk.login import DingtalkLogin
from app.platforms.dingtalk.media import DingtalkMedia
from app.platforms.dingtalk.member_login import DingtalkMemberLogin
from app.platforms.dingtalk.relay import DingtalkRelay
from app.platforms.dingtalk.settings import DingtalkSettings


class DingtalkConnector(
    DingtalkCallbacks, DingtalkLogin, DingtalkAppToken, DingtalkMessages, DingtalkMedia, DingtalkRelay
):
    """One application with everything it can do."""


class DingtalkCompanyConnector(
    DingtalkCallbacks, DingtalkMemberLogin, DingtalkAppToken, DingtalkMessages, DingtalkMedia, DingtalkRelay
):
    """The same for the members of one company, who need no page inside the app."""


class DingtalkPagesConnector(DingtalkConnector, DingtalkJsPages):
    """An application whose company and AgentId are known, so that pages can be signed."""


class DingtalkCompanyPagesConnector(DingtalkCompanyConnector, DingtalkJsPages):
    """The same for the members of one company."""


class DingtalkRobot(DingtalkCallbacks, DingtalkMessages):
    """A group's robot, and callbacks where there are keys for them."""


def open_channel(_name: str, settings: DingtalkSettings) -> DingtalkCallbacks:
    """Open a channel; without an app_secret it takes events, speaks with a group's robot if it has one, and offers no login."""
    if not plain_text(settings.app_secret):
        return DingtalkRobot(settings) if plain_text(settings.robot_token) else DingtalkCallbacks(settings)
    if settings.corp_id and settings.agent_id:
        signing = DingtalkCompanyPagesConnector if settings.in_app_login else DingtalkPagesConnector
        return signing(settings)
    return DingtalkCompanyConnector(settings) if settings.in_app_login else DingtalkConnector(settings)


PLATFORM = PlatformSpec(
    slug="dingtalk",
    display_name="DingTalk",
    docs_url="https://open.dingtalk.com/document/",
    settings=DingtalkSettings,
    open=open_channel,
    console=CONSOLE,
)
