"""What ends with a session, an account or a person: tokens at once, and clients are told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.issuer.clients import BackEnd, Person
from tests.login.browser import BASE_URL

HERE = pytest.mark.backends("sqlite")
OFFLINE = "openid profile offline_access"


def log_out(person: Person) -> None:
    said: Any = person.browser.get("/api/v1/me").json
    fields = {"csrf_token": said["csrf_token"], "next": "/"}
    assert person.browser.post("/oauth/logout", data=fields, headers={"Origin": BASE_URL}).status_code == 303


@HERE
def test_tokens_without_offline_access_end_with_their_session(person: Person, wiki: BackEnd) -> None:
    stays = wiki.tokens(person.code(scope=OFFLINE))
    ends = wiki.tokens(person.code(scope="openid profile"))["access_token"]
    plain = wiki.tokens(person.code(scope="profile"))["refresh_token"]
    unused = person.code(scope="openid profile")
    log_out(person)
    assert wiki.user_info(ends).status_code == 401
    assert wiki.refresh(plain).status_code == 400
    assert wiki.redeem(unused).status_code == 400
    assert wiki.user_info(stays["access_token"]).status_code == 200
