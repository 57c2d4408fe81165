"""Judges what a platform answered to a message, where every answer is a JSON object with a number in it and 0 says that it was taken.

HTTP 200 is no success here, and a number that no rule knows is never one. The rules of a platform are in its folder. What is
done where no rule fits: `sent` only for 0; 429 and texts that speak of too many calls wait; 5xx may be repeated, but for 504; a 2xx
that cannot be read, and 504, are outcomes that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.core.sending import OutcomeUnknown, QuotaReached, SendRefused
from app.security.outbound import retry_after

OK: Final = 200
TOO_MANY_REQUESTS: Final = 429
SERVER_FAULT: Final = 500
GATEWAY_TIMEOUT: Final = 504
GOOD: Final = range(200, 300)
NOT_TAKEN_YET: Final = frozenset({408, 425})
"""The request was not read to its end, or came too early (RFC 9110 §15.5.9, RFC 8470 §5.2)."""
MINUTE: Final = 60
WORDS_OF_HASTE: Final = ("too many", "too fast", "freq")
IPV4: Final = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
LONGEST_TEXT: Final = 2000

CONTENT, SETTINGS, RECIPIENT = "content", "settings", "recipient"
WAIT, BUSY, STALE = "wait", "busy", "stale"


class Rule(NamedTuple):
    """What one number means: who is at fault (`content`, `settings`, `recipient`), or `wait`, `busy`, `stale`.

    `fragment` is a piece of the answer's text in small letters, for numbers with several meanings; the first rule that fits
    counts. `seconds` is how long to wait. `names_us` adds the address that the platform saw.
    """

    number: int
    outcome: str
    sentence: str
    fragment: str = ""
    seconds: int = MINUTE
    names_us: bool = False


@dataclass(frozen=True)
class SendRules:
    """The rules of one platform and the names of the two fields."""

    platform: str
    rules: Sequence[Rule]
    number: str = "errcode"
    text: str = "errmsg"


def taken(answer: HttpAnswer, rules: SendRules) -> Mapping[str, Any]:
    """Return the answer to a message that the platform took; raises what app.core.sending.Sender.send names for every other."""
    try:
        content = answer.json_object()
    except UpstreamError:
        raise _unreadable(answer, rules.platform) from None
    number = content.get(rules.number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise _unreadable(answer, rules.platform)
    if number == 0 and answer.status == OK:
        return content
    if number == 0:
        raise _unreadable(answer, rules.platform)
    text = content.get(rules.text)
    raise _error_for(number, text[:LONGEST_TEXT] if isinstance(text, str) else "", answer, rules)


def _error_for(number: int, text: str, answer: HttpAnswer, rules: SendRules) -> UpstreamError:
    small = text.lower()
    rule = next((each for each in rules.rules if each.number == number and each.fragment in small), None)
    if rule is not None:
        return _by_rule(rule, text, rules.platform)
    if answer.status == TOO_MANY_REQUESTS or any(word in small for word in WORDS_OF_HASTE):
        return QuotaReached(
            f"{rules.platform} takes no more messages for now.",
            retry_after=retry_after(answer) or MINUTE,
            platform_code=str(number),
        )
    if answer.status >= SERVER_FAULT:
        return _failed_there(answer, rules.platform, str(number))
    return SendRefused(
        CONTENT,
        f"{rules.platform} refused the message with error {number}, which is not classified here; look it up in the platform's "
        "list of error codes.",
        platform_code=str(number),
    )


def _by_rule(rule: Rule, text: str, platform: str) -> UpstreamError:
    code, sentence = str(rule.number), rule.sentence
    if rule.outcome == STALE:
        return TokenRejected(sentence, platform_code=code)
    if rule.outcome == WAIT:
        return QuotaReached(sentence, retry_after=rule.seconds, platform_code=code)
    if rule.outcome == BUSY:
        return UpstreamUnavailable(sentence, platform_code=code, retry_after=rule.seconds, was_sent=False)
    found = IPV4.search(text) if rule.names_us else None
    return SendRefused(
        rule.outcome, f"{sentence} {platform} saw {found[0]}." if found else sentence, platform_code=code
    )


def _unreadable(answer: HttpAnswer, platform: str) -> UpstreamError:
    """Return the error for an answer that holds no number, by its HTTP status."""
    code = f"http_{answer.status}"
    if answer.status == TOO_MANY_REQUESTS:
        sentence = f"{platform} takes no more messages for now."
        return QuotaReached(sentence, retry_after=retry_after(answer) or MINUTE, platform_code=code)
    if answer.status == GATEWAY_TIMEOUT:
        return UpstreamUnavailable(
            f"A server in front of {platform} passed the message on and got no answer, so nobody knows whether it arrived.",
            platform_code=code,
        )
    if answer.status >= SERVER_FAULT or answer.status in NOT_TAKEN_YET:
        return _failed_there(answer, platform, code)
    if answer.status in GOOD:
        return OutcomeUnknown(
            f"{platform}'s answer cannot be read, so nobody knows whether the message arrived; look there, and look whether "
            "a proxy stands in between.",
            platform_code=code,
        )
    return SendRefused(
        SETTINGS,
        f"{platform} answered with HTTP status {answer.status} and no reason, which is not classified here; check the addresses in the "
        "channel.",
        platform_code=code,
    )


def _failed_there(answer: HttpAnswer, platform: str, code: str) -> UpstreamError:
    return UpstreamUnavailable(
        f"{platform} cannot take messages at the moment.",
        platform_code=code,
        retry_after=retry_after(answer),
        was_sent=False,
    )
