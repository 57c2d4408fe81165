"""Server酱 (Turbo and the third edition): messages in WeChat and other ways, by one key.

Sources (read 2026-11-28): sct.ftqq.com "发送消息", doc.sc3.ft07.com "API"; answers as public scripts quote them.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.serverchan.console import CONSOLE
from app.platforms.serverchan.sending import ServerchanSender
from app.platforms.serverchan.settings import ServerchanSettings

PLATFORM = PlatformSpec(
    slug="serverchan",
    display_name="Server酱",
    docs_url="https://sct.ftqq.com/sendkey",
    settings=ServerchanSettings,
    open=lambda _channel, settings: ServerchanSender(settings),
    console=CONSOLE,
)
