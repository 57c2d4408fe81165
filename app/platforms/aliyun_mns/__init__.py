"""Aliyun MNS (轻量消息队列, formerly 消息服务): messages that a topic pushes to an HTTP endpoint. One channel is one subscription's endpoint.

The parts: settings, stamp (the text that is signed, and the body's digest), messages (the three formats), callbacks.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.aliyun_mns.callbacks import MnsCallbacks
from app.platforms.aliyun_mns.console import CONSOLE
from app.platforms.aliyun_mns.settings import MnsSettings

PLATFORM = PlatformSpec(
    slug="aliyun-mns",
    display_name="Alibaba Cloud MNS",
    docs_url="https://help.aliyun.com/zh/mns/developer-reference/notifications",
    settings=MnsSettings,
    open=lambda _, settings: MnsCallbacks(settings),
    console=CONSOLE,
)
