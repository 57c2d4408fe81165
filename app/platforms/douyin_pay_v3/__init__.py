"""Douyin Pay (抖音支付), interface version 3: signed notices with a sealed resource. One channel is one merchant number.

Source (read 2026-11-28): PyPI bytedance-douyinpay 1.1.0 (official, Apache-2.0); go-pay/gopay douyin/notify.go. The construction is WeChat
Pay's of version 3 with other names. The parts: settings, stamp (the signature's headers), notices (what a body says), callbacks.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.douyin_pay_v3.callbacks import DouyinPayCallbacks
from app.platforms.douyin_pay_v3.settings import DouyinPaySettings


def open_merchant(_name: str, settings: DouyinPaySettings) -> DouyinPayCallbacks:
    """Return the connector of one channel."""
    return DouyinPayCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="douyin-pay-v3",
    display_name="Douyin Pay",
    docs_url="https://developer.open-douyin.com/",
    settings=DouyinPaySettings,
    open=open_merchant,
)
