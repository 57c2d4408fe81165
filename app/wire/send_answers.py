"""Judges what a platform answered to a message, in two ways that share what a status alone says.

By rules, where every answer is a JSON object with a number in it and 0 says that it was taken: HTTP 200 is no success there. By
a table of codes, where a status or a word tells. A number or code that nothing knows is a refusal, never a success. The rules and
tables of a platform are in its folder. Where none fits: 429 and texts that speak of too many calls wait; 5xx may be repeated, but
for 504; a 2xx that cannot be read, and 504, are outcomes that nobody knows.
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
LONGEST_CODE: Final = 40

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
        return _too_many(answer, rules.platform, str(number))
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
    if (passing := _passing(answer, platform, code)) is not None:
        return passing
    if answer.status in GOOD:
        return unreadable(platform)
    return SendRefused(
        SETTINGS,
        f"{platform} answered with HTTP status {answer.status} and no reason, which is not classified here; check the addresses in the "
        "channel.",
        platform_code=code,
    )


def _failed_there(answer: HttpAnswer, platform: str, code: str) -> UpstreamError:
    return UpstreamUnavailable(
        f"{platform} cannot take messages at the moment ({code}); the message is sent again later.",
        platform_code=code,
        retry_after=retry_after(answer),
        was_sent=False,
    )


def _too_many(answer: HttpAnswer, platform: str, code: str, *, wait: int = MINUTE) -> QuotaReached:
    asked = retry_after(answer)
    return QuotaReached(
        f"{platform} takes no more messages for the moment; sending goes on by itself.",
        retry_after=wait if asked is None else max(1, asked),
        platform_code=code,
    )


def _passing(answer: HttpAnswer, platform: str, code: str, *, wait: int = MINUTE) -> UpstreamError | None:
    """Return what a status means that passes by itself, None for every other one."""
    if answer.status == TOO_MANY_REQUESTS:
        return _too_many(answer, platform, code, wait=wait)
    if answer.status == GATEWAY_TIMEOUT:
        return UpstreamUnavailable(
            f"A server in front of {platform} passed the message on and got no answer (504), so nobody knows whether it arrived.",
            platform_code=code,
        )
    if answer.status >= SERVER_FAULT or answer.status in NOT_TAKEN_YET:
        return _failed_there(answer, platform, code)
    return None


class Fault(NamedTuple):
    """What a code means: whose fault it is (`settings`, `recipient`, `content`) and a sentence with the cure."""

    at_fault: str
    sentence: str


def check_busy(answer: HttpAnswer, platform: str, *, wait: int = MINUTE) -> None:
    """Judge the statuses that pass by themselves: raises QuotaReached for 429, UpstreamUnavailable for 5xx (`was_sent` at 504)."""
    if (passing := _passing(answer, platform, str(answer.status), wait=wait)) is not None:
        raise passing


def content_of(answer: HttpAnswer, platform: str, faults: Mapping[str, Fault]) -> Mapping[str, Any]:
    """Return an answer's JSON object; for anything else raises OutcomeUnknown, or by its status where that is no good one."""
    try:
        return answer.json_object()
    except UpstreamError:
        if answer.status in GOOD:
            raise unreadable(platform) from None
        # A server in front answers in its own words, a busy one too.
        if str(answer.status) not in faults:
            check_busy(answer, platform)
        raise refusal(platform, answer.status, faults) from None


def unreadable(platform: str) -> OutcomeUnknown:
    """Return the error for a good status whose content does not say whether the message was taken."""
    return OutcomeUnknown(
        f"{platform}'s answer cannot be read, so nobody knows whether the message was taken; is a proxy in between?"
    )


def refusal(platform: str, code: object, faults: Mapping[str, Fault]) -> SendRefused:
    """Return the error for a code by a platform's own table; one that is not there is shown as not classified."""
    word = shown_code(code)
    fault = faults.get(word)
    if fault is None:
        return SendRefused(
            "content",
            f"{platform} answered {word}, which is not classified, so the message counts as not sent; "
            "see the platform's list of codes.",
            platform_code=word,
        )
    return SendRefused(fault.at_fault, fault.sentence, platform_code=word)


def shown_code(code: object) -> str:
    """Return a code as operators may see it: one bounded word."""
    word = str(code)[:LONGEST_CODE]
    return word if word and all(char.isalnum() or char in "._-" for char in word) else "an unknown code"


def text_of(content: Mapping[str, Any], name: str) -> str | None:
    """Return a member as a message's id: a bounded text or number, None when it is neither."""
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return str(value)[:200]
