"""The account's own token and its QR codes with a scene."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from tests.platforms.answering import api
from tests.platforms.wechat.account import APP_ID, account

CREATED: dict[str, Any] = {
    "ticket": "gQ/8+=a b",
    "expire_seconds": 600,
    "url": "http://weixin.qq.com/q/02abc",
}


def test_token_comes_from_the_stable_interface() -> None:
    http = api({"access_token": "T1", "expires_in": 345})
    token = account().fetch_app_token(http, rejected=None)
    assert (token.value, token.expires_in) == ("T1", 345)
    assert http.calls == [
        {
            "method": "POST",
            "url": "https://api.weixin.qq.com/cgi-bin/stable_token",
            "params": {},
            "json": {
                "grant_type": "client_credential",
                "appid": APP_ID,
                "secret": "s3cret",
                "force_refresh": False,
            },
        }
    ]


def test_refused_token_is_forced_out_once() -> None:
    http = api({"access_token": "T1", "expires_in": 345}, {"access_token": "T2", "expires_in": 7200})
    assert account().fetch_app_token(http, rejected="T1").value == "T2"
    assert [call["json"]["force_refresh"] for call in http.calls] == [False, True]


def test_newer_token_needs_no_force() -> None:
    http = api({"access_token": "T2", "expires_in": 7200})
    assert account().fetch_app_token(http, rejected="T1").value == "T2"
    assert len(http.calls) == 1


def test_force_is_not_repeated_when_it_changes_nothing() -> None:
    http = api(*[{"access_token": "T1", "expires_in": 345}] * 2)
    assert account().fetch_app_token(http, rejected="T1").value == "T1"
    assert len(http.calls) == 2


@pytest.mark.parametrize("code", [40001, 40125, 40013, 40164, 40243, 50007, 89503])
def test_refused_credentials_are_a_configuration_fault(code: int) -> None:
    with pytest.raises(UpstreamError) as caught:
        account().fetch_app_token(api({"errcode": code, "errmsg": "no"}), rejected=None)
    assert (caught.value.code, caught.value.platform_code) == ("platform_configuration", str(code))


def test_day_quota_is_not_worth_a_retry() -> None:
    with pytest.raises(UpstreamError) as caught:
        account().fetch_app_token(api({"errcode": 45009, "errmsg": "reach max"}), rejected=None)
    assert not isinstance(caught.value, UpstreamUnavailable)
    assert "midnight" in caught.value.message


def test_token_is_not_shown() -> None:
    token = account().fetch_app_token(api({"access_token": "T1", "expires_in": 345}), rejected=None)
    assert "T1" not in repr(token)


def test_scene_is_nested_as_the_platform_wants() -> None:
    http = api(CREATED)
    account().create_scene_code("scene1", 600, "T1", http)
    assert http.calls == [
        {
            "method": "POST",
            "url": "https://api.weixin.qq.com/cgi-bin/qrcode/create",
            "params": {"access_token": "T1"},
            "json": {
                "expire_seconds": 600,
                "action_name": "QR_STR_SCENE",
                "action_info": {"scene": {"scene_str": "scene1"}},
            },
        }
    ]


def test_ticket_is_fully_encoded_in_the_picture_address() -> None:
    code = account().create_scene_code("scene1", 600, "T1", api(CREATED))
    assert code.content == "http://weixin.qq.com/q/02abc"
    assert code.image_url == "https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=gQ%2F8%2B%3Da%20b"
    assert code.expires_in == 600


@pytest.mark.parametrize(("ttl", "sent"), [(-1, 60), (5, 60), (600, 600), (10**9, 2_592_000)])
def test_lifetime_stays_within_the_limits_of_the_platform(ttl: int, sent: int) -> None:
    http = api({"ticket": "t", "url": "http://a"})
    assert account().create_scene_code("s", ttl, "T1", http).expires_in == sent
    assert http.calls[0]["json"]["expire_seconds"] == sent


def test_shorter_lifetime_of_the_answer_counts() -> None:
    assert account().create_scene_code("s", 600, "T1", api(CREATED | {"expire_seconds": 60})).expires_in == 60


@pytest.mark.parametrize("answered", [0, -1, "600", None, 10**12])
def test_strange_lifetime_of_the_answer_is_ignored(answered: object) -> None:
    assert (
        account().create_scene_code("s", 600, "T1", api(CREATED | {"expire_seconds": answered})).expires_in
        == 600
    )


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_dead_app_token_is_told_apart(code: int) -> None:
    with pytest.raises(TokenRejected):
        account().create_scene_code("s", 600, "T1", api({"errcode": code, "errmsg": "invalid credential"}))


def test_missing_permission_is_explained() -> None:
    with pytest.raises(UpstreamError) as caught:
        account().create_scene_code("s", 600, "T1", api({"errcode": 48001, "errmsg": "api unauthorized"}))
    assert "verified service account" in caught.value.message


@pytest.mark.parametrize("name", ["ticket", "url"])
def test_answer_without_code_is_a_bad_answer(name: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        account().create_scene_code("s", 600, "T1", api(CREATED | {name: ""}))
    assert caught.value.code == "upstream_bad_answer"
