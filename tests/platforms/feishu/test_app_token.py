"""The app's own token (tenant_access_token)."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.values import AppToken
from tests.platforms.answering import answer
from tests.platforms.feishu.channel import FakeHttp, connector, fails_with
from tests.platforms.feishu.signing import APP_ID

GOOD = {"code": 0, "msg": "ok", "tenant_access_token": "t-demo", "expire": 7200}


def fetch(found: Any) -> AppToken:
    return connector().fetch_app_token(FakeHttp([found]), rejected=None)


def test_the_token_is_fetched_with_the_apps_credentials_as_json() -> None:
    http = FakeHttp([answer(GOOD)])
    assert connector().fetch_app_token(http, rejected="t-old") == AppToken("t-demo", 7200)
    (call,) = http.calls
    assert call.method == "POST"
    assert call.url == "https://open.feishu.cn/open-apis/auth/v3/tenant_access_token/internal"
    assert (call.json, call.form) == ({"app_id": APP_ID, "app_secret": "demo-app-secret"}, None)


def test_a_new_token_is_due_when_the_platform_would_issue_one() -> None:
    assert 0 < connector().refresh_app_token_before < 1800


@pytest.mark.parametrize(
    ("given", "kept"),
    [(1700, 1700), ("1700", 1700), (1, 60), (10**12, 7200), (0, 1800), (-1, 1800), (None, 1800), ("x", 1800)],
    ids=repr,
)
def test_the_remaining_life_is_kept_within_reason(given: object, kept: int) -> None:
    assert fetch(answer(GOOD | {"expire": given})).expires_in == kept


@pytest.mark.parametrize("code", [10003, 10014, 10015, "10014"], ids=repr)
def test_wrong_credentials_behind_http_200_name_what_to_check(code: object) -> None:
    error = fails_with(UpstreamError, lambda: fetch(answer({"code": code, "msg": "demo-app-secret"})))
    assert "app_id and app_secret" in error.message
    assert "demo-app-secret" not in error.message
    assert error.platform_code == str(code)


def test_an_unknown_error_is_an_error_too() -> None:
    fails_with(UpstreamError, lambda: fetch(answer(GOOD | {"code": 1})))


def test_a_plain_text_404_names_the_address_to_check() -> None:
    assert "api_base" in fails_with(UpstreamError, lambda: fetch(answer(b"404 page not found", 404))).message


@pytest.mark.parametrize("token", [None, "", 7, "a b"])
def test_an_answer_without_a_token_is_an_error(token: object) -> None:
    fails_with(UpstreamError, lambda: fetch(answer(GOOD | {"tenant_access_token": token})))


def test_a_busy_platform_may_be_asked_again() -> None:
    fails_with(UpstreamUnavailable, lambda: fetch(answer(b"oops", 502)))
    fails_with(UpstreamUnavailable, lambda: fetch(answer({"code": 99991400}, 429)))
