"""Answers of platforms and of what stands in front of them: who is busy is asked again, whatever words it answers in."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.sending import OutcomeUnknown, QuotaReached, SendRefused
from app.wire.send_answers import Fault, content_of
from tests.platforms.answering import answer

FAULTS = {"507": Fault("recipient", "Nobody is there.")}


def error_of(status: int, headers: dict[str, str] | None = None) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        content_of(answer(b"<html>proxy</html>", status, headers), "Acme", FAULTS)
    return caught.value


def test_a_page_of_a_busy_server_is_no_refusal_of_the_message() -> None:
    full = error_of(429, {"Retry-After": "7"})
    assert isinstance(full, QuotaReached)
    assert full.retry_after == 7
    for status in (408, 425, 500, 502, 503):
        error = error_of(status)
        assert isinstance(error, UpstreamUnavailable), status
        assert not error.was_sent


def test_a_page_of_a_server_that_got_no_answer_leaves_the_outcome_open() -> None:
    error = error_of(504)
    assert isinstance(error, UpstreamUnavailable)
    assert error.was_sent
    assert "sent again" not in error.message
    assert isinstance(error_of(200), OutcomeUnknown)


def test_a_status_that_the_platform_lists_has_its_own_meaning() -> None:
    for status in (404, 507):
        assert isinstance(error_of(status), SendRefused), status
