"""The callbacks of an Official Account: WeChat's message push as every kind of account has it."""

from __future__ import annotations

from app.platforms.wechat.account import WechatAccount
from app.wire.wechat_family.message_push import MessagePush


class WechatCallbacks(MessagePush, WechatAccount):
    """Takes callbacks; satisfies app.core.ports.WebhookSource."""
