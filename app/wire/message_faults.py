"""What a platform's answer to a message means, where its own table of codes says nothing else.

The rules: 429 waits; a server's own fault may be repeated, unless it passed the call on and got no answer (504); an
answer nobody can read leaves the outcome open; a code that no table has is a refusal, never a success.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.core.sending import OutcomeUnknown, QuotaReached, SendRefused
from app.security.outbound import retry_after

USUAL_WAIT = 60
LONGEST_CODE = 40
GOOD, TOO_MANY, FAULT_OF_SERVER, GATEWAY_TIMEOUT = range(200, 300), 429, 500, 504
NOT_TAKEN_YET = frozenset({408, 425})
"""The request was not read to its end, or came too early (RFC 9110 §15.5.9, RFC 8470 §5.2); both may be repeated."""


class Fault(NamedTuple):
    """What a code means: whose fault it is (`settings`, `recipient`, `content`) and a sentence with the cure."""

    at_fault: str
    sentence: str


def check_busy(answer: HttpAnswer, platform: str, *, wait: int = USUAL_WAIT) -> None:
    """Judge the statuses that pass by themselves: raises QuotaReached for 429, UpstreamUnavailable for 5xx (`was_sent` at 504)."""
    code = str(answer.status)
    if answer.status == TOO_MANY:
        asked = retry_after(answer)
        raise QuotaReached(
            f"{platform} takes no more messages for the moment; sending goes on by itself.",
            retry_after=wait if asked is None else max(1, asked),
            platform_code=code,
        )
    if answer.status == GATEWAY_TIMEOUT:
        raise UpstreamUnavailable(
            f"A server in front of {platform} passed the message on and got no answer (504), so nobody knows whether it arrived.",
            platform_code=code,
        )
    if answer.status >= FAULT_OF_SERVER or answer.status in NOT_TAKEN_YET:
        raise UpstreamUnavailable(
            f"{platform} cannot take the message at the moment ({code}); it is sent again later.",
            platform_code=code,
            retry_after=retry_after(answer),
            was_sent=False,
        )


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
