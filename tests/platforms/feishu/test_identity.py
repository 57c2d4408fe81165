"""Who logged in with Feishu, and how their tokens are given back."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.values import Identity, TokenSet
from tests.platforms.answering import answer
from tests.platforms.feishu.channel import FakeHttp, connector, fails_with
from tests.platforms.feishu.signing import APP_ID

TOKENS = TokenSet("eyJ-old", 7200, "eyJ-refresh-old", 604800, "offline_access")
PERSON = {
    "name": "张三",
    "en_name": "Zhang San",
    "avatar_url": "https://example.com/a.png",
    "open_id": "ou_demo",
    "union_id": "on_demo",
    "tenant_key": "736588c9260f175e",
    "user_id": "gfa21d92",
    "email": "",
    "mobile": "+8613800000000",
    "employee_no": "7",
}


def identity(content: Any, status: int = 200) -> Identity:
    return connector().identity(TOKENS, FakeHttp([answer(content, status)]))


def person(**changes: Any) -> dict[str, Any]:
    fields = {name: value for name, value in (PERSON | changes).items() if value is not ...}
    return {"code": 0, "msg": "success", "data": fields}


def test_the_person_is_read_with_the_fields_that_may_be_shown() -> None:
    http = FakeHttp([answer(person())])
    found = connector().identity(TOKENS, http)
    (call,) = http.calls
    assert (call.method, call.url) == ("GET", "https://open.feishu.cn/open-apis/authen/v1/user_info")
    assert call.headers == {"Authorization": "Bearer eyJ-old"}
    assert found == Identity(
        issuer=f"feishu:{APP_ID}",
        subject_kind="open_id",
        subject="ou_demo",
        name="张三",
        avatar_url="https://example.com/a.png",
        union_id="on_demo",
        profile={
            "name": "张三",
            "en_name": "Zhang San",
            "avatar_url": "https://example.com/a.png",
            "open_id": "ou_demo",
            "union_id": "on_demo",
            "tenant_key": "736588c9260f175e",
            "user_id": "gfa21d92",
        },
    )


@pytest.mark.parametrize("value", ["", None, ..., 7, ["x"]])
def test_fields_without_a_text_count_as_absent(value: object) -> None:
    changes = dict.fromkeys(("user_id", "email", "enterprise_email", "union_id", "name", "avatar_url"), value)
    found = identity(person(**changes))
    assert set(found.profile) == {"en_name", "open_id", "tenant_key"}
    assert (found.name, found.avatar_url, found.union_id) == ("Zhang San", None, None)


def test_a_picture_that_is_no_web_address_is_left_out() -> None:
    assert identity(person(avatar_url="javascript:alert(1)")).avatar_url is None


@pytest.mark.parametrize("open_id", ["", "  ", None, 7, ..., ["ou"]])
def test_a_person_without_an_open_id_is_nobody(open_id: object) -> None:
    fails_with(UpstreamError, lambda: identity(person(open_id=open_id)))


@pytest.mark.parametrize("content", [{"code": 0}, {"code": 0, "data": None}, {"code": 0, "data": []}])
def test_an_answer_without_a_person_is_an_error(content: object) -> None:
    fails_with(UpstreamError, lambda: identity(content))


@pytest.mark.parametrize("code", [20005, "20005", 99991668, 99991677, 99991663, 99991671], ids=repr)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_token_that_is_no_longer_good_is_said_so(code: object, status: int) -> None:
    fails_with(TokenRejected, lambda: identity({"code": code, "msg": "x"}, status))


def test_a_bare_401_means_the_token_is_not_good() -> None:
    fails_with(TokenRejected, lambda: identity(b"Unauthorized", 401))


@pytest.mark.parametrize("code", [20008, 20021, 20022, 20023])
def test_somebody_who_left_cannot_log_in(code: int) -> None:
    assert fails_with(UpstreamError, lambda: identity({"code": code})).code == "login_refused"


def test_a_403_does_not_look_like_a_dead_token() -> None:
    fails_with(UpstreamError, lambda: identity({"code": 99991672}, 403))


# ---------------------------------------------------------------- revocation


def revoked(*answers: Any, tokens: TokenSet = TOKENS) -> FakeHttp:
    http = FakeHttp(list(answers))
    connector().revoke(tokens, http)
    return http


def test_both_tokens_are_revoked_with_their_hint() -> None:
    http = revoked(answer({"code": 0}), answer({"code": 0}))
    assert [call.url for call in http.calls] == ["https://accounts.feishu.cn/oauth/v1/revoke"] * 2
    assert [call.form for call in http.calls] == [
        {"token": token, "token_type_hint": hint, "client_id": APP_ID, "client_secret": "demo-app-secret"}
        for token, hint in (("eyJ-refresh-old", "refresh_token"), ("eyJ-old", "access_token"))
    ]


def test_an_empty_200_is_a_revocation() -> None:
    assert len(revoked(answer(b""), tokens=TokenSet("eyJ-old")).calls) == 1


def test_tokens_that_are_dead_already_are_fine() -> None:
    assert len(revoked(answer({"code": 20064}, 400), answer({"code": 20005})).calls) == 2


def test_the_second_token_is_revoked_although_the_first_failed() -> None:
    http = FakeHttp([answer(b"", 503), answer({"code": 0})])
    fails_with(UpstreamUnavailable, lambda: connector().revoke(TOKENS, http))
    assert len(http.calls) == 2


def test_an_error_behind_a_200_is_no_revocation() -> None:
    http = FakeHttp([answer({"code": 20002}), answer({"code": 0})])
    fails_with(UpstreamError, lambda: connector().revoke(TOKENS, http))


def test_lark_has_an_issuer_and_an_address_of_its_own() -> None:
    http = FakeHttp([answer(person())])
    assert connector(brand="lark").identity(TOKENS, http).issuer == f"lark:{APP_ID}"
    assert http.calls[0].url == "https://open.larksuite.com/open-apis/authen/v1/user_info"
