"""Douyin third-party platform (抖音开放平台服务商): tickets and authorisations, encrypted. One channel is one third-party application.

Sources (read 2026-11-28): the vendor's sample code as kept in yydzxz/ByteDanceOpen (MsgDecrypt, ServerVerification), and the encryption
page of partner.open-douyin.com (2024-07-24). Odd: 32 random bytes stand in front where WeChat has 16, and nothing is in the query.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.douyin_thirdparty.callbacks import DouyinThirdpartyCallbacks
from app.platforms.douyin_thirdparty.settings import DouyinThirdpartySettings


def open_application(_name: str, settings: DouyinThirdpartySettings) -> DouyinThirdpartyCallbacks:
    """Return the connector of one channel."""
    return DouyinThirdpartyCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="douyin-thirdparty",
    display_name="Douyin third-party platform",
    docs_url="https://partner.open-douyin.com/docs/resource/zh-CN/thirdparty/",
    settings=DouyinThirdpartySettings,
    open=open_application,
)
