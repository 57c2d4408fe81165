"""Sending: a message, its parts and recipients, and the protocol of a platform that sends them.

Values and protocols only. How a message is stored, paced, repeated and judged is in app.pipeline.sending; how Markdown
becomes what a channel shows, and where a long text is cut, is in app.wire.texts. The errors a sender raises are at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.mail import MailClient
from app.core.ports import HttpClient
from app.core.values import JSON, Event

FORMATS = ("markdown", "text", "html")


class Recipient(NamedTuple):
    """One addressee: `kind` is open_id, user_id, union_id, chat_id, department, tag, email, account or robot, `value` the platform's own id.

    A robot speaks where it was put, so its value is empty. `@all` as a user_id is everybody, where a platform has that.
    """

    kind: str
    value: str = ""


ACCOUNT = "account"
"""A person as one of a channel's accounts knows them: value `<account>/<open id>`, written by callers as two keys."""


def account_recipient(account: str, open_id: str) -> Recipient:
    """Return a person of one account; neither id holds a slash."""
    return Recipient(ACCOUNT, f"{account}/{open_id}")


def split_account(recipient: Recipient) -> tuple[str, str]:
    """Return account and open id of such a recipient."""
    account, _, open_id = recipient.value.partition("/")
    return account, open_id


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said: in the platform's own words (`type` and `content`), or as `title` and `text` in a `format`.

    `content` passes through unchanged. `mentions` are `@all`, ids or mobile numbers, for the second form only.
    """

    type: str = ""
    content: JSON = field(default_factory=dict)
    title: str = ""
    text: str = ""
    format: str = "markdown"
    mentions: tuple[str, ...] = ()

    @property
    def is_native(self) -> bool:
        """Say whether it is in the platform's own words."""
        return bool(self.type)


@dataclass(frozen=True, slots=True)
class Part:
    """One call's worth of a message, as the platform takes it, without recipients and credentials.

    `preview` is what history shows of it: plain text, at most 200 characters.
    """

    body: JSON
    preview: str = ""


class Pace(NamedTuple):
    """At most `most` calls in `seconds`; counted over all processes for the whole channel, or for each recipient.

    `kinds` names the kinds of recipient it is for, all where it is empty: a robot and an app of one channel have limits of
    their own.
    """

    most: int
    seconds: float
    each_recipient: bool = False
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Lent:
    """What the pipeline lends for one call.

    `app_token` is there when the sender needs one. `repeat_key` (32 hex digits) is the same whenever this part is sent
    again to these recipients: for platforms that recognise repeats. `now` is UTC.
    """

    http: HttpClient
    mail: MailClient
    repeat_key: str
    now: datetime
    app_token: str | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a platform said to a part it took: its own id for it, and whom it will not reach, by value, with the reason.

    `accepted_only` is true where the platform took the part and tells later, or never, whether it arrived.
    """

    message_id: str | None = None
    not_reached: Mapping[str, str] = field(default_factory=dict)
    accepted_only: bool = False


@runtime_checkable
class Sender(Protocol):
    """Sends messages (WeCom, DingTalk, Feishu, WeChat; Slack, Discord, Telegram, SMTP …). Only `lent` does I/O."""

    @property
    def most_recipients(self) -> int:
        """How many recipients of one kind one call may have; see KindLimits for kinds that differ."""

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """Kinds of Recipient it takes; the first one is meant where a message names nobody and it is `robot`."""

    @property
    def recognises_repeats(self) -> bool:
        """True where the platform drops a call with a `repeat_key` it knows: an unclear ending may then be repeated."""

    @property
    def paces(self) -> tuple[Pace, ...]:
        """What the platform allows, with its source in a comment."""

    def needs_app_token(self, kind: str) -> bool:
        """Say whether a call to this kind of recipient needs Lent.app_token; robots mostly have keys of their own."""

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message for this kind of recipient into what is sent, in order; pure, and the same every time.

        Raises RequestError (400) that says in words what is wrong and the cure: unknown type, no text, too long.
        """

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to recipients of one kind, once.

        Raises TokenRejected (the app token is stale; it is renewed and the call repeated once), QuotaReached (nothing
        was sent, wait), SendRefused (final), UpstreamUnavailable (with `was_sent=False` for sure nothing was sent and
        it may be repeated, else nobody knows), OutcomeUnknown (nobody knows). Every sentence is for operators and names
        the cure, never a secret.
        """


@runtime_checkable
class AccountSender(Protocol):
    """Beside Sender: speaks for several accounts that authorised the channel; Lent.app_token is that of the recipient's account."""

    def sending_account(self, to: Recipient) -> str:
        """Return the account that a recipient belongs to."""


@runtime_checkable
class ReplyTarget(Protocol):
    """Knows to whom an answer to an event of its channel goes; beside Sender."""

    def reply_to(self, event: Event) -> Recipient | None:
        """Return who caused an event, None where nobody can be answered; pure."""


@runtime_checkable
class KindLimits(Protocol):
    """Beside Sender: one call takes more recipients of one kind than of another (WeCom, DingTalk)."""

    def most_of_kind(self, kind: str) -> int:
        """Return how many recipients of this kind one call may have; never less than Sender.most_recipients."""


def most_in_one_call(sender: Sender, kind: str) -> int:
    """Return how many recipients of a kind one call of this sender may have."""
    return sender.most_of_kind(kind) if isinstance(sender, KindLimits) else sender.most_recipients


class QuotaReached(UpstreamUnavailable):
    """The platform takes no more for now: nothing was sent, no attempt is used up, `retry_after` seconds from now it may go on."""

    def __init__(self, message: str, *, retry_after: int, platform_code: str | None = None):
        super().__init__(message, platform_code=platform_code, retry_after=retry_after, was_sent=False)
        self.code = "quota_reached"


REFUSED = {
    "settings": "refused_settings",
    "recipient": "refused_recipient",
    "content": "refused_content",
}
"""What history calls a refusal, by what is at fault."""


class SendRefused(UpstreamError):
    """The platform will never take this: `at_fault` is `settings` (key, permission), `recipient` or `content`."""

    def __init__(self, at_fault: str, message: str, *, platform_code: str | None = None):
        super().__init__(REFUSED.get(at_fault, "refused_content"), message, platform_code=platform_code)
        self.at_fault = at_fault


class OutcomeUnknown(UpstreamError):
    """The call may have been carried out: no answer came, or one that cannot be read."""

    def __init__(self, message: str, *, platform_code: str | None = None):
        super().__init__("outcome_unknown", message, platform_code=platform_code)
