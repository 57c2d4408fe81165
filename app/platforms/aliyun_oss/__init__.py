"""Aliyun OSS (对象存储): callbacks after an upload. One channel is one callbackUrl.

The parts: settings, callbacks. The answer goes back to whoever uploads, so it is JSON and comes soon.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.aliyun_oss.callbacks import OssCallbacks
from app.platforms.aliyun_oss.settings import OssSettings

PLATFORM = PlatformSpec(
    slug="aliyun-oss",
    display_name="Alibaba Cloud OSS",
    docs_url="https://help.aliyun.com/zh/oss/developer-reference/callback",
    settings=OssSettings,
    open=lambda _, settings: OssCallbacks(settings),
)
