"""Sending with a Mini Program: customer service and subscribed messages, to its people by their OpenID.

Sources: WeChat pages 小程序订阅消息 (subscribeMessage.send) and 客服消息 (customerServiceMessage.send; read 2026-11-28). What is odd: each
agreement of a person is good for one message of one template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.media import FileClient, MediaLimit, Medium, Uploaded
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendResult
from app.core.values import Event
from app.platforms.wechat_mini.program import MiniProgram
from app.wire.wechat_family.account_media import PROGRAM_LIMITS, upload_in_account
from app.wire.wechat_family.account_messages import (
    MINI_SUBSCRIBED,
    PROGRAM_TYPES,
    customer_texts,
    filled_template,
    own_words,
    send_in_account,
)


class MiniProgramSender(MiniProgram):
    """Sends messages; satisfies Sender and ReplyTarget of app.core.sending, and MediaTaker."""

    recipient_kinds: tuple[str, ...] = ("open_id",)
    most_recipients: int = 1
    recognises_repeats: bool = False
    paces: tuple[Pace, ...] = ()
    """Page subscribeMessage.send: 10 million a day, 30 with payment; nobody reaches that here."""

    def needs_app_token(self, _kind: str) -> bool:
        """Return true: everything goes with the program's token."""
        return True

    def parts(self, message: Message, _kind: str) -> Sequence[Part]:
        """Turn a message into what WeChat takes; title and text go into the channel's template, where it has one."""
        if message.is_native:
            return [own_words(message, PROGRAM_TYPES, is_program=True)]
        own = self.settings
        if not own.template_id:
            return customer_texts(message)
        leads_to = {"page": own.template_page} if own.template_page else {}
        template = {"template_id": own.template_id, **leads_to}
        return [filled_template(message, MINI_SUBSCRIBED, template, own.template_data)]

    def reply_to(self, event: Event) -> Recipient | None:
        """Answer the person an event is about."""
        return Recipient("open_id", event.subject) if event.subject else None

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to one person, once."""
        return send_in_account(part, to[0], lent, self.settings.api_base)

    def media_limits(self, _recipient_kind: str) -> Mapping[str, MediaLimit]:
        """Return what WeChat keeps."""
        return PROGRAM_LIMITS

    def media_needs_app_token(self, _recipient_kind: str) -> bool:
        """Return true: everything goes with the program's token."""
        return True

    def upload(
        self, medium: Medium, _recipient_kind: str, files: FileClient, app_token: str | None
    ) -> Uploaded:
        """Hand a file over."""
        return upload_in_account(medium, files, app_token, api_base=self.settings.api_base)
