"""WeChat Pay (微信支付), interface version 3: notifications of payments, refunds and the rest. One channel is one merchant number.

The parts: settings, account (the base of every capability), keys, stamp (the signature's headers), notifications (what a body
says), callbacks, downloads, which finds platform certificates while running, and orders, which asks whether one is paid. Version 2 is another protocol.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wechatpay.callbacks import WechatpayCallbacks
from app.platforms.wechatpay.console import CONSOLE
from app.platforms.wechatpay.orders import WechatpayOrders
from app.platforms.wechatpay.settings import WechatpaySettings


def open_merchant(channel_name: str, settings: WechatpaySettings) -> WechatpayCallbacks:  # noqa: ARG001
    """Return the connector of one channel; with the merchant's own key it downloads certificates and asks about orders too."""
    return WechatpayOrders(settings) if settings.can_download else WechatpayCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="wechatpay",
    display_name="WeChat Pay",
    docs_url="https://pay.weixin.qq.com/doc/v3/merchant/",
    settings=WechatpaySettings,
    open=open_merchant,
    console=CONSOLE,
)
