"""What an answer from outside means for whoever sent the request: one table for everything that is sent."""

from __future__ import annotations

import pytest

from app.core.errors import PermanentError, UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.security.judgement import Judgement, Verdict, failure, judge, judge_no_answer


def answer_of(status: int, **headers: str) -> HttpAnswer:
    return HttpAnswer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"", dict)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    assert judge(answer_of(status)) == Judgement(Verdict.SUCCESS)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422, 499])
def test_a_refusal_is_final_whatever_it_says_about_time(status: int) -> None:
    assert judge(answer_of(status, Retry_After="60")) == Judgement(Verdict.FINAL)


@pytest.mark.parametrize("status", [100, 199, 300, 304, 399, 408, 425, 429, 500, 502, 503, 599])
def test_everything_else_may_be_tried_again(status: int) -> None:
    assert judge(answer_of(status)) == Judgement(Verdict.TRY_AGAIN)


def test_the_time_asked_for_is_part_of_the_judgement() -> None:
    assert judge(answer_of(503, Retry_After="900")) == Judgement(Verdict.TRY_AGAIN, retry_after=900)


@pytest.mark.parametrize("code", ["upstream_address_refused", "upstream_request_refused"])
def test_what_this_gateway_refuses_to_send_is_final(code: str) -> None:
    assert judge_no_answer(UpstreamError(code, "refused")) == Judgement(Verdict.FINAL)


def test_a_redirect_that_is_not_followed_may_be_tried_again() -> None:
    assert judge_no_answer(UpstreamError("upstream_redirect", "a redirect")).verdict is Verdict.TRY_AGAIN


def test_an_address_that_cannot_be_reached_may_be_tried_again() -> None:
    error = UpstreamUnavailable("nobody there", retry_after=7)
    assert judge_no_answer(error) == Judgement(Verdict.TRY_AGAIN, retry_after=7)


def test_a_final_judgement_becomes_a_dead_letter_at_once() -> None:
    assert isinstance(failure(Judgement(Verdict.FINAL), "crm answered 410."), PermanentError)


def test_another_try_carries_the_time_that_was_asked_for() -> None:
    error = failure(Judgement(Verdict.TRY_AGAIN, retry_after=900), "crm answered 503.")
    assert isinstance(error, UpstreamUnavailable)
    assert (error.message, error.retry_after) == ("crm answered 503.", 900)
