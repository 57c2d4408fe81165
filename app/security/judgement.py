"""Judgement of an answer from outside: was it a success, can another try help, and when.

One rule for everything that is sent to an address of ours or of a caller: forwarded events, results of commands. What
a status means inside a platform's own protocol is the platform's to say and is not here. It stands beside the client,
because every story that sends has the client below it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from app.core.errors import PermanentError, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.security.outbound import retry_after

ASKS_FOR_ANOTHER_TRY = frozenset({408, 425, 429})
"""Request Timeout, Too Early, Too Many Requests: of the refusals only these may change by themselves (RFC 9110, 8470, 6585)."""

REFUSED_BY_US = frozenset({"upstream_address_refused", "upstream_request_refused"})
"""Nothing was sent and nothing would be the next time: the address or the request itself is not allowed."""


class Verdict(StrEnum):
    """What an answer means for whoever sent the request."""

    SUCCESS = "success"
    FINAL = "final"
    TRY_AGAIN = "try_again"


class Judgement(NamedTuple):
    """A verdict, and the seconds that the other side asked to be left alone, None when it named none."""

    verdict: Verdict
    retry_after: int | None = None


def judge(answer: HttpAnswer) -> Judgement:
    """Judge by the status alone: 2xx is a success, 4xx is final but for three, everything else may be tried again."""
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004
        return Judgement(Verdict.SUCCESS)
    if 400 <= status < 500 and status not in ASKS_FOR_ANOTHER_TRY:  # noqa: PLR2004
        return Judgement(Verdict.FINAL)
    return Judgement(Verdict.TRY_AGAIN, retry_after(answer))


def judge_no_answer(error: UpstreamError) -> Judgement:
    """Judge a request that got no answer to read: only what this gateway itself refuses to send is final."""
    if error.code in REFUSED_BY_US:
        return Judgement(Verdict.FINAL)
    return Judgement(Verdict.TRY_AGAIN, error.retry_after)


def failure(judgement: Judgement, message: str) -> PermanentError | UpstreamUnavailable:
    """Return the error that makes a dispatch do what was judged: end as a dead letter, or be tried again in time."""
    if judgement.verdict is Verdict.FINAL:
        return PermanentError(message)
    return UpstreamUnavailable(message, retry_after=judgement.retry_after)
