"""Sending with an Official Account: customer service messages, templates, subscribed messages; to followers by their OpenID.

Sources: WeChat pages 客服接口-发消息, 模板消息, 订阅通知 and 一次性订阅消息 (read 2026-11-28). What is odd: a customer service message is
taken only while a window is open that the person themselves opened; templates and subscriptions need no window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.media import FileClient, MediaLimit, Medium, Uploaded
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendResult
from app.core.values import Event
from app.platforms.wechat.account import WechatAccount
from app.wire.wechat_family.account_media import ACCOUNT_LIMITS, upload_in_account
from app.wire.wechat_family.account_messages import (
    ACCOUNT_TYPES,
    TEMPLATE,
    customer_texts,
    filled_template,
    own_words,
    send_in_account,
)


class WechatSender(WechatAccount):
    """Sends messages; satisfies Sender and ReplyTarget of app.core.sending, and MediaTaker."""

    recipient_kinds: tuple[str, ...] = ("open_id",)
    most_recipients: int = 1
    recognises_repeats: bool = False
    """Templates do, for ten minutes, by `client_msg_id`; the other kinds of messages don't."""

    paces: tuple[Pace, ...] = (Pace(100_000, 86_400),)
    """Page 模板消息: 100,000 a day, more with many followers."""

    def needs_app_token(self, _kind: str) -> bool:
        """Return true: everything goes with the account's token."""
        return True

    def parts(self, message: Message, _kind: str) -> Sequence[Part]:
        """Turn a message into what WeChat takes; title and text go into the channel's template, where it has one."""
        if message.is_native:
            return [own_words(message, ACCOUNT_TYPES)]
        own = self.settings
        if not own.template_id:
            return customer_texts(message)
        leads_to = {"url" if own.template_kind == TEMPLATE else "page": own.template_page}
        template = {"template_id": own.template_id, **(leads_to if own.template_page else {})}
        return [filled_template(message, own.template_kind, template, own.template_data)]

    def reply_to(self, event: Event) -> Recipient | None:
        """Answer the person an event is about."""
        return Recipient("open_id", event.subject) if event.subject else None

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to one person, once."""
        return send_in_account(part, to[0], lent, self.settings.api_base)

    def media_limits(self, _recipient_kind: str) -> Mapping[str, MediaLimit]:
        """Return what WeChat keeps."""
        return ACCOUNT_LIMITS

    def media_needs_app_token(self, _recipient_kind: str) -> bool:
        """Return true: everything goes with the account's token."""
        return True

    def upload(
        self, medium: Medium, _recipient_kind: str, files: FileClient, app_token: str | None
    ) -> Uploaded:
        """Hand a file over."""
        return upload_in_account(medium, files, app_token, api_base=self.settings.api_base)
