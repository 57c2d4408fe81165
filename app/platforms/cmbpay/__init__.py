"""China Merchants Bank aggregate pay (招商银行聚合支付), interface V3.3.6: notices signed with SM2. One channel is one merchant number.

Source (read 2026-11-28): go-pay/gopay cmbpay; public receivers. Odd: the answer must be signed too, with the merchant's own key.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.cmbpay.callbacks import CmbpayCallbacks
from app.platforms.cmbpay.settings import CmbpaySettings


def open_merchant(_name: str, settings: CmbpaySettings) -> CmbpayCallbacks:
    """Return the connector of one channel."""
    return CmbpayCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="cmbpay",
    display_name="CMB aggregate pay",
    docs_url="https://openhome.cmbchina.com/paynew/pay/doc",
    settings=CmbpaySettings,
    open=open_merchant,
)
