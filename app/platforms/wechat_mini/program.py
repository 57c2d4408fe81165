"""What one opened channel knows for as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass

from app.config.platform_settings import plain_text
from app.platforms.wechat_mini.settings import WechatMiniSettings
from app.wire.wechat_family.message_push import MessagePush, PushAccount


@dataclass(frozen=True, repr=False)
class MiniProgram(PushAccount):
    """One Mini Program; each capability of the platform is a class derived from this one."""

    settings: WechatMiniSettings

    @property
    def secret(self) -> str:
        """The AppSecret as text."""
        return plain_text(self.settings.app_secret)


class MiniProgramCallbacks(MessagePush, MiniProgram):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""
