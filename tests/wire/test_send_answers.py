"""Answers to messages: 0 and nothing else is success, each rule has its outcome, and what no rule knows is judged carefully."""

from __future__ import annotations

import pytest

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.core.sending import OutcomeUnknown, QuotaReached, SendRefused
from app.wire.send_answers import Rule, SendRules, taken
from tests.platforms.answering import answer

RULES = SendRules(
    "Acme",
    (
        Rule(1, "content", "Too long.", fragment="max length"),
        Rule(1, "settings", "Gone."),
        Rule(2, "recipient", "Nobody."),
        Rule(3, "wait", "Full.", seconds=90),
        Rule(4, "busy", "Busy.", seconds=3),
        Rule(5, "stale", "Old token."),
        Rule(6, "settings", "Not allowed.", names_us=True),
    ),
)


def error_of(given: HttpAnswer) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        taken(given, RULES)
    return caught.value


def numbered(number: object, text: str = "", status: int = 200) -> UpstreamError:
    return error_of(answer({"errcode": number, "errmsg": text}, status))


def test_zero_is_success() -> None:
    assert taken(answer({"errcode": 0, "errmsg": "ok", "msgid": "m1"}), RULES)["msgid"] == "m1"


def test_the_first_rule_that_fits_number_and_text_counts() -> None:
    long, gone = numbered(1, "Content exceed MAX length"), numbered(1, "invalid url")
    assert isinstance(long, SendRefused)
    assert isinstance(gone, SendRefused)
    assert (long.at_fault, gone.at_fault) == ("content", "settings")


def test_every_outcome_has_its_error() -> None:
    assert isinstance(numbered(2), SendRefused)
    full, busy = numbered(3), numbered(4)
    assert isinstance(full, QuotaReached)
    assert isinstance(busy, UpstreamUnavailable)
    assert (full.retry_after, busy.retry_after, busy.was_sent) == (90, 3, False)
    assert isinstance(numbered(5), TokenRejected)


def test_the_address_that_the_platform_saw_is_named() -> None:
    error = numbered(6, "not allow, hint: [xy], from ip: 198.51.100.7, more info")
    assert error.message == "Not allowed. Acme saw 198.51.100.7."


def test_a_number_that_nobody_listed_is_refused_and_says_so() -> None:
    error = numbered(4711, "something new")
    assert isinstance(error, SendRefused)
    assert "not classified" in error.message
    assert "something new" not in error.message
    for words in ("api freq out of limit", "send Too Fast", "too many requests"):
        assert isinstance(numbered(4711, words), QuotaReached), words


def test_what_is_no_answer_is_judged_by_its_status() -> None:
    page = b"<html>proxy</html>"
    for content in (page, [1], {"errcode": "0"}, {"errcode": True}, {"ok": 1}):
        assert isinstance(error_of(answer(content)), OutcomeUnknown), content
    full = error_of(answer(page, 429, {"Retry-After": "7"}))
    assert isinstance(full, QuotaReached)
    assert full.retry_after == 7
    broken = error_of(answer(page, 503))
    assert isinstance(broken, UpstreamUnavailable)
    assert not broken.was_sent
    for status in (408, 425):
        early = error_of(answer(page, status))
        assert isinstance(early, UpstreamUnavailable), status
        assert not early.was_sent
    assert isinstance(error_of(answer(page, 404)), SendRefused)
    assert isinstance(numbered(0, "ok", 404), SendRefused)
    assert isinstance(numbered(4711, "", 500), UpstreamUnavailable)


def test_a_call_that_was_passed_on_and_not_answered_counts_as_sent() -> None:
    unanswered = error_of(answer(b"<html>proxy</html>", 504))
    assert isinstance(unanswered, UpstreamUnavailable)
    assert unanswered.was_sent
    for status in (201, 202, 204):
        assert isinstance(error_of(answer(b"", status)), OutcomeUnknown), status
