"""Huawei IAP (华为应用内支付, HarmonyOS IAP Kit), notices v3: one signed token in JSON. One channel is one application.

Sources (read 2026-11-28): Huawei's sample server iapkit-sample-serverdemo (Apache-2.0, 2024-09) in linganmin/HarmonyOS_Samples;
developer.huawei.com, iap-key-event-notifications and iap-server-notifications-test. Odd: the certificates come inside the token, and
the third of them, the root, proves nothing: the one of the settings does.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.huawei_iap_v3.callbacks import HuaweiIapCallbacks
from app.platforms.huawei_iap_v3.settings import HuaweiIapSettings


def open_application(_name: str, settings: HuaweiIapSettings) -> HuaweiIapCallbacks:
    """Return the connector of one channel."""
    return HuaweiIapCallbacks(settings)


PLATFORM = PlatformSpec(
    slug="huawei-iap-v3",
    display_name="Huawei IAP",
    docs_url="https://developer.huawei.com/consumer/cn/doc/harmonyos-references/iap-key-event-notifications",
    settings=HuaweiIapSettings,
    open=open_application,
)
