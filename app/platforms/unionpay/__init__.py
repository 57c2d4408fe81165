"""UnionPay (中国银联), online gateway 5.1.0: notices to backUrl. One channel is one merchant number.

The parts: settings, account (the base of the capability), proof (the certificate in the message and the signatures), callbacks.
Odd: the key comes inside the message, so its certificate is checked to the root; S is hashed twice before RSA.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.unionpay.callbacks import UnionpayCallbacks
from app.platforms.unionpay.console import CONSOLE
from app.platforms.unionpay.settings import UnionpaySettings


def open_merchant(_name: str, settings: UnionpaySettings) -> UnionpayCallbacks:
    """Return the connector of one channel."""
    return UnionpayCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="unionpay",
    display_name="UnionPay",
    docs_url="https://open.unionpay.com/tjweb/acproduct/list?apiSvcId=448",
    settings=UnionpaySettings,
    open=open_merchant,
    console=CONSOLE,
)
