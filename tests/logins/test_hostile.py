"""Providers that answer badly, and callers who bring what is not theirs: nobody is logged in, and nothing secret is told."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from app.core.errors import (
    CallgateError,
    GrantRejected,
    LoginError,
    RequestError,
    TokenRejected,
    UpstreamError,
    UpstreamUnavailable,
)
from app.core.values import TokenSet
from app.pipeline.login.return_query import read_return
from app.wire.logins.tokens import kept_parts
from tests.logins.scripted import GRANT, NOW, SECRET, TOKEN, Scripted, login

HOSTILE = {
    "empty": b"",
    "HTML": b"<html>502</html>",
    "cut": b'{"access_token":"a',
    "list": b"[]",
    "null": b"null",
    "twice": b'{"access_token":"a","access_token":"b"}',
    "deep": b'{"a":' * 100_000,
    "no UTF-8": b"\xff\xfe{}",
    "no token": b"{}",
    "token is a list": b'{"access_token":["a"]}',
    "token breaks headers": b'{"access_token":"a\\r\\nX: y"}',
    "token is huge": json.dumps({"access_token": "a" * 100_000}).encode(),
    "error beside a token": b'{"access_token":"a","error":"invalid_grant"}',
}


@pytest.mark.parametrize("slug", ["discord", "qq", "xiaomi", "douyin", "wechat-open", "google", "notion"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_answer_logs_nobody_in(slug: str, name: str):
    with pytest.raises(UpstreamError) as caught:
        _exchanged(login(slug), Scripted(HOSTILE[name]))
    for secret in (SECRET, GRANT.code, GRANT.code_verifier):
        assert secret not in str(caught.value)


def _exchanged(made: Any, http: Scripted) -> TokenSet:
    if hasattr(made, "engine") and made.engine.server is not None:
        document = {"issuer": made.engine.issuer, "jwks_uri": made.engine.issuer + "/keys"}
        http.answers.insert(0, document)
    tokens: TokenSet = made.exchange(GRANT, http)
    return tokens


@pytest.mark.parametrize(
    "person",
    [
        {},
        {"id": None},
        {"id": ""},
        {"id": True},
        {"id": 1e16},
        {"id": ["1"]},
        {"id": {"a": 1}},
        {"id": "a\x00b"},
        {"id": "x" * 300},
        {"id": "\ud800"},
    ],
    ids=["missing", "null", "empty", "true", "float", "list", "object", "NUL", "long", "half a character"],
)
def test_an_id_that_is_not_exact_is_no_login(person: dict[str, Any]):
    with pytest.raises(UpstreamError):
        login("discord").identity(TokenSet("t"), Scripted(person))


def test_a_nineteen_digit_id_stays_exact():
    known = login("discord").identity(TokenSet("t"), Scripted({"id": 9_007_199_254_740_993_123}))
    assert (known.issuer, known.subject_kind, known.subject) == ("discord", "id", "9007199254740993123")


def test_ids_of_two_kinds_are_never_the_same_person():
    by_open_id = login("baidu").identity(TokenSet("t"), Scripted({"openid": "7", "userid": "7"}))
    by_user_id = login("baidu").identity(TokenSet("t"), Scripted({"userid": "7"}))
    assert (by_open_id.subject_kind, by_user_id.subject_kind) == ("open_id", "user_id")


def test_a_picture_must_be_a_web_address():
    known = login("figma").identity(TokenSet("t"), Scripted({"id": "1", "img_url": "javascript:alert(1)"}))
    assert known.avatar_url is None


def test_a_code_is_redeemed_in_one_call_even_when_the_provider_is_busy():
    http = Scripted((503, {"Retry-After": "7"}, b"busy"))
    with pytest.raises(UpstreamUnavailable) as caught:
        login("discord").exchange(GRANT, http)
    assert (len(http.calls), caught.value.retry_after) == (1, 7)


def test_two_codes_that_differ_are_refused_before_anything_is_asked():
    with pytest.raises(RequestError):
        read_return(b"authCode=A&code=B&state=s", login("dingtalk").code_parameters)


def test_a_return_with_an_unknown_error_is_left_to_the_pipeline():
    assert login("google").refused_return("something_new", {}) is None


def test_a_persons_no_has_one_word_whatever_the_provider_calls_it():
    for slug, error, given in (
        ("apple", "user_cancelled_authorize", {}),
        ("xiaomi", "96012", {}),
        ("qq", None, {"usercancel": "1"}),
    ):
        told = login(slug).refused_return(error, given)
        assert isinstance(told, LoginError)
        assert told.code == "access_denied"


def test_a_good_return_is_no_refusal():
    for slug in ("qq", "google", "wecom", "discord"):
        assert login(slug).refused_return(None, {}) is None


def test_a_refresh_without_a_refresh_token_asks_nobody():
    http = Scripted({})
    for made, tokens in (
        (login("discord"), TokenSet("a")),
        (login("weibo"), TokenSet("a", refresh_token="r")),
    ):
        with pytest.raises(GrantRejected):
            made.refresh(tokens, http)
    assert http.calls == []


def test_what_a_refresh_does_not_name_stays():
    old = TokenSet("a", refresh_token="r", scope="s", extra={"login": "[]"}, asked_at=NOW)
    fresh = login("figma").refresh(old, Scripted({"access_token": "b"}))
    assert (fresh.access_token, fresh.refresh_token, fresh.scope, fresh.extra) == ("b", "r", "s", old.extra)


def test_the_secret_stands_only_where_the_description_puts_it():
    http = Scripted(TOKEN)
    login("bitbucket").exchange(GRANT, http)
    assert SECRET not in json.dumps(http.calls)
    assert (
        http.calls[0]["headers"]["Authorization"]
        == "Basic " + base64.b64encode(f"client-bitbucket:{SECRET}".encode()).decode()
    )


def test_a_session_key_is_never_kept():
    tokens = login("qq-mini").exchange(
        GRANT, Scripted({"errcode": 0, "openid": "o", "session_key": "hidden-key"})
    )
    assert "hidden-key" not in repr(dict(tokens.extra))


def test_a_token_of_another_application_is_refused():
    answers = Scripted({"aud": "another-client", "user_id": "u"}, {"user_id": "u", "name": "n"})
    with pytest.raises(TokenRejected):
        login("amazon").identity(TokenSet("t"), answers)


def test_a_workspace_is_no_person():
    owner = {"type": "workspace", "workspace": True}
    made = login("notion")
    with pytest.raises(GrantRejected) as caught:
        made.identity(made.exchange(GRANT, Scripted({**TOKEN, "owner": owner})), Scripted({}))
    assert caught.value.hint == "anonymous_user"


def test_no_failure_of_any_login_tells_a_secret():
    http = Scripted((400, {}, {"error": SECRET, "error_description": GRANT.code, "message": "token-5d2e"}))
    for slug in ("discord", "qq", "wecom", "figma", "x", "line", "notion"):
        with pytest.raises(CallgateError) as caught:
            login(slug).exchange(replace(GRANT, app_token="token-5d2e"), http)
        told = f"{caught.value} {getattr(caught.value, 'platform_code', '')}"
        assert not any(secret in told for secret in (SECRET, GRANT.code, "token-5d2e"))


def test_no_secret_of_the_login_itself_is_kept_even_where_a_description_names_it():
    paths = [("token", "session_key"), ("token", "access_token"), ("token", "uid"), ("token", "list")]
    answers = {"token": {"session_key": "k", "access_token": "a", "uid": 5, "list": [1]}}
    assert json.loads(kept_parts(answers, paths)) == [["token", "uid", 5]]
