"""Sending in the name of authorised accounts: customer service, templates and subscriptions, with the account's own token.

Sources: WeChat Open Platform page "代公众号调用接口" (the account's calls, its token in place of its own secret; read 2026-11-28) and the
pages named in app/wire/wechat_family/account_messages.py. What is odd: one channel speaks for many accounts, so what is wrong
with one of them is no fault of the channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from app.core.media import FileClient, MediaLimit, Medium, Uploaded
from app.core.sending import (
    ACCOUNT,
    Lent,
    Message,
    Pace,
    Part,
    Recipient,
    SendResult,
    account_recipient,
    split_account,
)
from app.core.values import Event
from app.platforms.wechat_component.component import WechatComponent
from app.wire.native_messages import NativeType
from app.wire.send_answers import RECIPIENT, SETTINGS, Rule, SendRules
from app.wire.wechat_family.account_media import ACCOUNT_LIMITS, upload_in_account
from app.wire.wechat_family.account_messages import (
    ACCOUNT_TYPES,
    MINI_SUBSCRIBED,
    PROGRAM_TYPES,
    SUBSCRIBED,
    customer_texts,
    own_words,
    send_in_account,
)
from app.wire.wechat_family.send_rules import ACCOUNT as ACCOUNT_RULES

TYPES: Final[Mapping[str, NativeType]] = MappingProxyType(
    {**PROGRAM_TYPES, **ACCOUNT_TYPES, MINI_SUBSCRIBED: PROGRAM_TYPES[SUBSCRIBED]}
)
"""Both kinds of accounts: `subscribe` is an Official Account's, `mini_subscribe` a Mini Program's."""

NOT_GRANTED: Final = "The account has not granted this interface to the third-party platform; its owner must authorise it again with that right (权限集)."
RULES: Final = SendRules(
    "WeChat",
    (
        Rule(61003, RECIPIENT, "The account does not authorise this third-party platform any more."),
        Rule(61007, RECIPIENT, NOT_GRANTED),
        Rule(
            61004,
            SETTINGS,
            "This server's address is not in the third-party platform's IP whitelist (白名单IP地址列表).",
            names_us=True,
        ),
        *(
            rule._replace(outcome=RECIPIENT) if rule.outcome == SETTINGS and not rule.names_us else rule
            for rule in ACCOUNT_RULES.rules
        ),
    ),
)
"""61003, 61004 and 61007 as error_codes.py has them; what is wrong with an account concerns its own people alone."""


class ComponentSender(WechatComponent):
    """Sends messages in accounts' names; satisfies Sender, AccountSender and ReplyTarget of app.core.sending, and MediaTaker."""

    recipient_kinds: tuple[str, ...] = (ACCOUNT,)
    most_recipients: int = 1
    recognises_repeats: bool = False
    paces: tuple[Pace, ...] = ()
    """WeChat counts for each account, and says so when one has had enough."""

    def needs_app_token(self, _kind: str) -> bool:
        """Return true: everything goes with the account's token."""
        return True

    def sending_account(self, to: Recipient) -> str:
        """Return the AppID in a recipient."""
        return split_account(to)[0]

    def parts(self, message: Message, _kind: str) -> Sequence[Part]:
        """Turn a message into what WeChat takes; title and text are customer service messages."""
        return [own_words(message, TYPES)] if message.is_native else customer_texts(message)

    def reply_to(self, event: Event) -> Recipient | None:
        """Answer the person that an account's message is from, in that account's name."""
        account = event.data.get("AuthorizerAppid")
        is_message = isinstance(account, str) and "InfoType" not in event.data and event.subject
        return account_recipient(str(account), str(event.subject)) if is_message else None

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to one person, once."""
        person = Recipient("open_id", split_account(to[0])[1])
        return send_in_account(part, person, lent, self.settings.api_base, RULES)

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
        return upload_in_account(medium, files, app_token, api_base=self.settings.api_base, rules=RULES)
