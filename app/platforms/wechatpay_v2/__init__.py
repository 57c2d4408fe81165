"""WeChat Pay (微信支付), interface version 2: notices of payments and refunds in XML. One channel is one merchant number.

The parts: settings, notices (the XML, what is signed, what is sealed), callbacks. Odd: refund notices carry no signature at all; what
is inside them is sealed with the API key, and only a hint. Version 3 is another platform.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.wechatpay_v2.callbacks import WechatpayV2Callbacks
from app.platforms.wechatpay_v2.console import CONSOLE
from app.platforms.wechatpay_v2.settings import WechatpayV2Settings


def open_merchant(_name: str, settings: WechatpayV2Settings) -> WechatpayV2Callbacks:
    """Return the connector of one channel."""
    return WechatpayV2Callbacks(settings)


PLATFORM = PlatformSpec(
    slug="wechatpay-v2",
    display_name="WeChat Pay v2",
    docs_url="https://pay.weixin.qq.com/doc/v2/merchant/4011937248",
    settings=WechatpayV2Settings,
    open=open_merchant,
    console=CONSOLE,
)
