"""The callbacks of a self-built application: WeCom's own form, with the company as receiver of everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.values import InboundRequest
from app.platforms.wecom.application import WecomApplication
from app.wire.wechat_family.crypto import WechatKeyring
from app.wire.wechat_family.work_push import WorkPush


class WecomCallbacks(WorkPush, WecomApplication):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""

    @property
    def oldest(self) -> int:
        """The seconds a timestamp may be off, 0 for any age."""
        return self.settings.max_age

    def keys_for(self, request: InboundRequest, outer: Mapping[str, Any]) -> WechatKeyring:
        """Return the keys with the company's id."""
        return self.keyring
