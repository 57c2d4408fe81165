"""WeCom, applications of service providers (企业微信第三方应用): tickets, authorisations, what happens in authorised companies.

Outside documentation: https://developer.work.weixin.qq.com/document/path/90594 (read 2026-11-28).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wecom_suite.accounts import SuitePages, TemplateAccounts
from app.platforms.wecom_suite.callbacks import SuiteCallbacks
from app.platforms.wecom_suite.console import CONSOLE
from app.platforms.wecom_suite.settings import SuiteSettings


class SuiteConnector(SuiteCallbacks, SuitePages):
    """A suite with its Secret: callbacks, its own token, and those of its companies."""


class TemplateConnector(SuiteCallbacks, TemplateAccounts):
    """The same for a template of customised applications (代开发), which is authorised at the provider alone."""


def open_suite(_channel: str, settings: SuiteSettings) -> SuiteCallbacks:
    """Open a channel; without the Secret it takes callbacks and keeps neither tickets nor authorisations."""
    if settings.missing_login_secret() is not None:
        return SuiteCallbacks(settings)
    return TemplateConnector(settings) if settings.customised else SuiteConnector(settings)


PLATFORM = PlatformSpec(
    slug="wecom-suite",
    display_name="WeCom Suite",
    docs_url="https://developer.work.weixin.qq.com/document/path/90594",
    settings=SuiteSettings,
    open=open_suite,
    console=CONSOLE,
)
