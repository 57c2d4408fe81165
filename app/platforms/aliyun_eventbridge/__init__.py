"""Aliyun EventBridge (事件总线): events that a rule pushes to an HTTP target, in the CloudEvents format. One channel is one target.

The parts: settings, stamp (the signature's headers and the text that is signed), callbacks.
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.aliyun_eventbridge.callbacks import EventBridgeCallbacks
from app.platforms.aliyun_eventbridge.console import CONSOLE
from app.platforms.aliyun_eventbridge.settings import EventBridgeSettings

PLATFORM = PlatformSpec(
    slug="aliyun-eventbridge",
    display_name="Alibaba Cloud EventBridge",
    docs_url="https://help.aliyun.com/zh/eventbridge/user-guide/signature-algorithm",
    settings=EventBridgeSettings,
    open=lambda _, settings: EventBridgeCallbacks(settings),
    console=CONSOLE,
)
