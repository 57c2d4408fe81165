"""WeCom, applications of service providers (企业微信第三方应用): tickets, authorisations, what happens in authorised companies.

Outside documentation: https://developer.work.weixin.qq.com/document/path/90594 (read 2026-11-28).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wecom_suite.accounts import SuiteAccounts
from app.platforms.wecom_suite.callbacks import SuiteCallbacks
from app.platforms.wecom_suite.settings import SuiteSettings


class SuiteConnector(SuiteCallbacks, SuiteAccounts):
    """A suite with its Secret: callbacks, its own token, and those of its companies."""


def open_suite(_channel: str, settings: SuiteSettings) -> SuiteCallbacks:
    """Open a channel; without the Secret it takes callbacks and keeps neither tickets nor authorisations."""
    has_secret = settings.missing_login_secret() is None
    return SuiteConnector(settings) if has_secret else SuiteCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="wecom-suite",
    display_name="WeCom Suite",
    docs_url="https://developer.work.weixin.qq.com/document/path/90594",
    settings=SuiteSettings,
    open=open_suite,
)
