"""One call to a platform: the token lent, the call made once, and what came of it in one of a few words.

Whatever a sender raises is judged here and nowhere else. What is unclear is `unknown`, never taken for sent and never
repeated by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from app.core.errors import CallgateError, GrantRejected, RequestError, TokenRejected, UpstreamUnavailable
from app.core.sending import (
    AccountSender,
    Lent,
    Part,
    QuotaReached,
    Recipient,
    Sender,
    SendRefused,
    SendResult,
)
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import with_account_token
from app.pipeline.tokens.app_tokens import with_app_token

T = TypeVar("T")

REFUSED_BY_US = frozenset({"upstream_address_refused", "upstream_request_refused", "upstream_origin_refused"})
"""Nothing was sent and nothing would be the next time: the address or the request itself is not allowed here."""


class CallOutcome(StrEnum):
    """What came of one call.

    `later`: for sure nothing was sent, try again. `wait`: the platform takes no more for now.
    """

    TAKEN = "taken"
    UNKNOWN = "unknown"
    LATER = "later"
    WAIT = "wait"
    RECIPIENT_REFUSED = "recipient_refused"
    CONTENT_REFUSED = "content_refused"
    SETTINGS_REFUSED = "settings_refused"


@dataclass(frozen=True, slots=True)
class Called:
    """What came of one call; `error` says why it was not taken, `result` what the platform said when it was."""

    outcome: CallOutcome
    error: CallgateError | None = None
    result: SendResult = SendResult()  # noqa: RUF009 - a frozen value

    @property
    def sentence(self) -> str:
        """The reason in words, empty for what was taken."""
        return "" if self.error is None else self.error.message

    @property
    def word(self) -> str:
        """The stable word of the reason."""
        return "" if self.error is None else self.error.code


@dataclass(slots=True)
class _Attempt:
    """Whether the sender has been asked, so that a token that could not be had is never taken for an unclear call."""

    is_calling: bool = False


def call_once(
    services: Services,
    channel: Channel,
    sender: Sender,
    part: Part,
    to: Sequence[Recipient],
    *,
    repeat_key: str,
) -> Called:
    """Make one call; raises nothing that a sender or a token raises.

    A refused app token is replaced and the call repeated once: platforms look at it before they do anything.
    """
    attempt = _Attempt()

    def send(app_token: str | None) -> SendResult:
        lent = Lent(channel.http, channel.mail, repeat_key, services.clock.now(), app_token)
        attempt.is_calling = True
        try:
            return ask_platform(lambda: sender.send(part, to, lent))
        except TokenRejected:
            attempt.is_calling = False
            raise

    try:
        needs_token = sender.needs_app_token(to[0].kind)
        result = with_token(services, channel, to[0], send, needs_token=needs_token)
    except CallgateError as error:
        return Called(_judged(error, is_calling=attempt.is_calling), error)
    return Called(CallOutcome.TAKEN, result=result)


def with_loan(
    services: Services, channel: Channel, sender: Sender, to: Recipient, call: Callable[[Lent], T]
) -> T:
    """Make another call than sending with what a sender is lent; raises what it raises."""
    needs_token = sender.needs_app_token(to.kind)

    def lend(app_token: str | None) -> T:
        lent = Lent(channel.http, channel.mail, "", services.clock.now(), app_token)
        return ask_platform(lambda: call(lent))

    return with_token(services, channel, to, lend, needs_token=needs_token)


def with_token(
    services: Services, channel: Channel, to: Recipient, call: Callable[[str | None], T], *, needs_token: bool
) -> T:
    """Run a call with the token that its recipient needs; a refused one is replaced and the call repeated once."""
    speaker = channel.as_capability(AccountSender)
    if speaker is not None:
        return with_account_token(services, channel.name, speaker.sending_account(to), call)
    if needs_token:
        return with_app_token(services, channel.name, call)
    return call(None)


def _judged(error: CallgateError, *, is_calling: bool) -> CallOutcome:
    if isinstance(error, SendRefused):
        return _REFUSALS.get(error.at_fault, CallOutcome.CONTENT_REFUSED)
    if isinstance(error, QuotaReached):
        return CallOutcome.WAIT
    if isinstance(error, GrantRejected):
        # The recipient's account authorises us no more; the channel's other accounts are none the worse.
        return CallOutcome.RECIPIENT_REFUSED
    if error.code in REFUSED_BY_US or isinstance(error, RequestError):
        return CallOutcome.SETTINGS_REFUSED
    if not is_calling:
        return CallOutcome.LATER
    if isinstance(error, UpstreamUnavailable) and not error.was_sent:
        return CallOutcome.LATER
    return CallOutcome.UNKNOWN


_REFUSALS = {
    "settings": CallOutcome.SETTINGS_REFUSED,
    "recipient": CallOutcome.RECIPIENT_REFUSED,
    "content": CallOutcome.CONTENT_REFUSED,
}
