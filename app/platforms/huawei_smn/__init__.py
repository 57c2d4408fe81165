"""Huawei Cloud SMN (消息通知服务): messages of a topic, and the confirmations of its subscription. One channel is one endpoint.

The parts: settings, messages (what is signed of a message), callbacks. Rests on the documented fields and the documented sample; the digest of the signature
and the line feed at its end are unconfirmed.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.huawei_smn.callbacks import SmnCallbacks
from app.platforms.huawei_smn.console import CONSOLE
from app.platforms.huawei_smn.settings import SmnSettings

PLATFORM = PlatformSpec(
    slug="huawei-smn",
    display_name="Huawei Cloud SMN",
    docs_url="https://support.huaweicloud.com/usermanual-smn/smn_ug_a9003.html",
    settings=SmnSettings,
    open=lambda _, settings: SmnCallbacks(settings),
    console=CONSOLE,
)
