"""Logins that differ from the usual one: with the app token, with several pages, back by POST, without a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.errors import TokenRejected
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import AppToken, CodeGrant, Identity, TokenSet
from app.pipeline.operators.channels import channel_view
from app.storage.database.db import Database
from tests.builders import FrozenClock
from tests.login.browser import BASE_URL
from tests.login.in_memory import CodeBrowser, FakePlatform, ProgramPlatform, open_gateway

APP_BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone) CorpApp/4.1"}
FORM = "application/x-www-form-urlencoded"


@dataclass
class CorpPlatform(FakePlatform):
    """Logs people in with the application's token, on one page inside its app and on another by QR."""

    login_needs_app_token: bool = True
    refresh_app_token_before: int = 60
    pages: tuple[str, ...] = ("qr", "in-app")
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)
    fetched: int = 0

    def page_for(self, user_agent: str) -> str:
        return "in-app" if "CorpApp" in user_agent else "qr"

    def authorize_url(self, request: AuthorizeRequest) -> str:
        host = "inside.corp.example" if request.page == "in-app" else "qr.corp.example"
        return super().authorize_url(request).replace("login.fake.example", host)

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        self.fetched += 1
        return AppToken(f"app-token-{self.fetched}", 7200)

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        self._look_at(grant.app_token)
        self.asked.append(("exchange", grant.page, grant.app_token))
        return super().exchange(grant, http)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        self._look_at(tokens.app_token)
        self.asked.append(("identity", "", tokens.app_token))
        return super().identity(tokens, http)

    def _look_at(self, app_token: str | None) -> None:
        if app_token is None or app_token in self.stale:
            raise TokenRejected


@dataclass
class PostingPlatform(FakePlatform):
    """Comes back with a POST, and says the person's name only there."""

    return_parameters: tuple[str, ...] = ("user",)
    grants: list[CodeGrant] = field(default_factory=list)

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        self.grants.append(grant)
        return super().exchange(grant, http)


@dataclass
class Others:
    """A gateway with one channel of each."""

    browser: CodeBrowser
    corp: CorpPlatform
    posting: PostingPlatform
    program: ProgramPlatform
    services: Any


@pytest.fixture
def others(database: Database, clock: FrozenClock) -> Iterator[Others]:
    corp, posting, program = CorpPlatform("corp:1"), PostingPlatform("posting:1"), ProgramPlatform()
    gateway = open_gateway(database, clock, {"corp": corp, "posting": posting, "program": program})
    yield Others(gateway.browser(), corp, posting, program, gateway.services)
    gateway.close()


def test_the_app_token_is_lent_to_both_calls_of_a_login(others: Others) -> None:
    others.browser.log_in(channel="corp")
    assert others.corp.asked == [("exchange", "qr", "app-token-1"), ("identity", "", "app-token-1")]


def test_a_stale_app_token_is_renewed_and_the_call_repeated_once(others: Others) -> None:
    others.browser.log_in(channel="corp")
    others.corp.stale.add("app-token-1")
    others.corp.asked.clear()
    others.browser.log_in(code="c2", channel="corp")
    assert [token for _, _, token in others.corp.asked] == ["app-token-2", "app-token-2"]
    assert others.corp.fetched == 2


def test_the_app_token_is_not_stored_with_a_persons_tokens(others: Others) -> None:
    others.browser.log_in(channel="corp")
    others.browser.me("/api/v1/me?fresh=1")
    assert others.corp.asked[-1] == ("identity", "", "app-token-1")


def test_the_page_is_chosen_by_the_browser_and_known_at_the_return(others: Others) -> None:
    start = others.browser.get("/oauth/corp/start?next=/", headers=APP_BROWSER)
    assert start.headers["Location"].startswith("https://inside.corp.example/")
    others.browser.finish(parse_qs(urlsplit(start.headers["Location"]).query)["state"][0], channel="corp")
    assert others.corp.asked[0][:2] == ("exchange", "in-app")


def test_forms_may_end_on_the_origin_of_every_page(others: Others) -> None:
    policy = others.browser.get("/").headers["Content-Security-Policy"]
    assert "https://inside.corp.example" in policy
    assert "https://qr.corp.example" in policy


def test_a_posted_return_becomes_the_same_return_by_get(others: Others) -> None:
    state = others.browser.start("posting").state
    posted = others.browser.post(
        "/oauth/posting/callback",
        data={"state": state, "code": "c1", "user": '{"name":"Ada"}', "id_token": "a.b.c"},
    )
    assert posted.status_code == 303
    address = urlsplit(posted.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{BASE_URL}/oauth/posting/callback"
    assert parse_qs(address.query) == {"state": [state], "code": ["c1"], "user": ['{"name":"Ada"}']}
    landed = others.browser.get(f"{address.path}?{address.query}")
    assert landed.headers["Location"] == "/welcome"
    assert others.posting.grants[0].parameters == {"user": '{"name":"Ada"}'}


def test_a_posted_return_spends_nothing_before_the_browser_is_checked(others: Others) -> None:
    state = others.browser.start("posting").state
    others.browser.post("/oauth/posting/callback", data={"state": state, "code": "c1"})
    assert others.browser.finish(state, channel="posting").headers["Location"] == "/welcome"


def test_repeated_fields_of_a_posted_return_are_refused_where_every_return_is(others: Others) -> None:
    state = others.browser.start("posting").state
    posted = others.browser.post(
        "/oauth/posting/callback", data=f"state={state}&code=a&code=b", content_type=FORM
    )
    address = urlsplit(posted.headers["Location"])
    assert others.browser.get(f"{address.path}?{address.query}").status_code == 400


@pytest.mark.parametrize(
    "data", [b"state=%ff", b"x" * 9000, b"state=" + "😀".encode() * 1500], ids=["not text", "long", "longer"]
)
def test_a_posted_return_that_cannot_be_read_is_refused(others: Others, data: bytes) -> None:
    answer = others.browser.post("/oauth/posting/callback", data=data, content_type=FORM)
    assert answer.status_code in (400, 413, 414)


def test_nobody_else_may_post_a_return(others: Others) -> None:
    assert others.browser.post("/oauth/corp/callback", data={"state": "s"}).status_code == 405
    assert others.browser.post("/oauth/posting/callback", json={"state": "s"}).status_code == 405
    assert others.browser.post("/oauth/unknown/callback", data={"state": "s"}).status_code == 405


def test_a_program_trades_its_code_for_a_session(others: Others) -> None:
    answer = others.browser.post("/api/v1/mini-program/program/login", json={"code": "wx-code-1"})
    assert answer.status_code == 200, answer.text
    said = answer.get_json()
    assert said["user"]["subject"] == "o-1"
    assert "session_key" not in answer.text
    assert ProgramPlatform.SESSION_KEY not in answer.text
    me = others.browser.get("/api/v1/me", headers={"Authorization": f"Bearer {said['token']}"})
    assert me.get_json()["identity"]["union_id"] == "u-1"


def test_a_used_code_is_refused(others: Others) -> None:
    others.browser.post("/api/v1/mini-program/program/login", json={"code": "wx-code-1"})
    again = others.browser.post("/api/v1/mini-program/program/login", json={"code": "wx-code-1"})
    assert again.status_code == 401


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 7}, {"code": "x" * 513}, {"code": "a", "b": 1}])
def test_a_program_that_sends_no_code_is_told_so(others: Others, body: dict[str, Any]) -> None:
    answer = others.browser.post("/api/v1/mini-program/program/login", json=body)
    assert answer.status_code == 400
    assert others.program.codes == []


def test_only_channels_with_such_a_login_have_the_route(others: Others) -> None:
    answer = others.browser.post("/api/v1/mini-program/corp/login", json={"code": "c"})
    assert answer.status_code == 404


def test_operators_see_what_each_channel_can_do(others: Others) -> None:
    can = {item["name"]: item["capabilities"] for item in channel_view(others.services)}
    assert can == {"corp": ["login", "app_token"], "posting": ["login"], "program": ["direct_login"]}


@dataclass
class DatedPlatform(FakePlatform):
    """Writes down what time it is said to be, as a platform does that signs it."""

    times: list[float] = field(default_factory=list)

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        self.times.append(grant.redeemed_at)
        return super().exchange(grant, http)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        self.times.append(tokens.asked_at)
        return super().identity(tokens, http)


@pytest.mark.backends("sqlite")
def test_every_call_of_a_login_is_told_the_time_and_later_ones_their_own(
    database: Database, clock: FrozenClock
) -> None:
    dated = DatedPlatform("dated:1")
    gateway = open_gateway(database, clock, {"dated": dated})
    browser = gateway.browser()
    first = clock.now().timestamp()
    browser.log_in(channel="dated")
    clock.advance(seconds=30)
    browser.me("/api/v1/me?fresh=1")
    gateway.close()
    assert dated.times == [first, first, first + 30]
