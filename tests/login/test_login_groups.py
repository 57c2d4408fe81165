"""Login groups: one login of several channels, chosen by the browser; one union id is one user there, and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.channels import channels_group
from app.config.login_groups import LoginGroupConfig
from app.core.values import Identity
from app.factory import create_app
from app.pipeline.channels import Channels
from app.pipeline.login.groups import offered_logins
from app.pipeline.login.people import remember_person
from app.pipeline.operators.channels import login_view
from app.storage.database.db import Database
from tests.builders import FrozenClock, exchange
from tests.login.browser import BASE_URL
from tests.login.in_memory import CodeBrowser, FakePlatform, InMemoryGateway, ProgramPlatform, open_gateway

INSIDE = {"User-Agent": "Mozilla/5.0 (iPhone) TheirApp/8.0"}
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140"}
ONE_BACKEND = pytest.mark.backends("sqlite")


@dataclass
class ChoosyPlatform(FakePlatform):
    """Works in the browser of its app only, or everywhere else only, and tells union ids."""

    in_app: bool = False
    union_issuer: str = "theirs"
    agents: tuple[str, ...] = ()

    def fits(self, user_agent: str) -> bool:
        self.agents = (*self.agents, user_agent)
        return ("TheirApp" in user_agent) is self.in_app


@dataclass
class UnionProgram(ProgramPlatform):
    """A program without a page, whose people have union ids of the same platform."""

    union_issuer: str = "theirs"


def person(issuer: str, union_id: str | None = "union-1", subject: str = "u1") -> Identity:
    return Identity(issuer, "open_id", subject, "Ada", union_id=union_id)


def grouped(database: Database, clock: FrozenClock, name: str = "their") -> InMemoryGateway:
    platforms: dict[str, Any] = {
        "app": ChoosyPlatform("app:1", in_app=True, person=person("app:1")),
        "site": ChoosyPlatform("site:1", person=person("site:1")),
        "program": UnionProgram(),
        "fake": FakePlatform("fake:1", person=person("fake:1")),
    }
    gateway = open_gateway(database, clock, platforms)
    group = LoginGroupConfig(name=name, channels=("app", "site", "program"))
    exchange(gateway.services, login_groups=(group,))
    return gateway


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    made = grouped(database, clock)
    yield made
    made.close()


def log_in(gateway: InMemoryGateway, agent: dict[str, str], channel: str) -> CodeBrowser:
    """Start at the group in a browser of this kind and come back on the channel it must have chosen."""
    browser = gateway.browser()
    answer = browser.finish(browser.start("their", headers=agent), channel=channel, headers=agent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/welcome"), answer.text
    return browser


def turn_off(gateway: InMemoryGateway, *names: str) -> None:
    """Leave channels out, as those are that lack a key."""
    kept = [channel for channel in gateway.services.channels if channel.name not in names]
    exchange(gateway.services, channels=Channels(kept))


@ONE_BACKEND
@pytest.mark.parametrize(("agent", "channel"), [(INSIDE, "app"), (DESKTOP, "site"), ({}, "site")])
def test_the_browser_decides_the_channel(gateway: InMemoryGateway, agent: dict[str, str], channel: str):
    started = gateway.browser().start("their", headers=agent)
    assert started.query["redirect_uri"] == f"{BASE_URL}/oauth/{channel}/callback"


@ONE_BACKEND
def test_a_group_may_be_called_like_one_of_its_channels(database: Database, clock: FrozenClock):
    gateway = grouped(database, clock, name="app")
    started = gateway.browser().start("app", headers=DESKTOP)
    gateway.close()
    assert started.query["redirect_uri"] == f"{BASE_URL}/oauth/site/callback"


def test_both_pages_end_as_the_same_user_with_two_identities(gateway: InMemoryGateway):
    first = log_in(gateway, INSIDE, "app").me()
    second = log_in(gateway, DESKTOP, "site").me()
    assert first["user_id"] == second["user_id"]
    assert {each["issuer"] for each in second["identities"]} == {"app:1", "site:1"}


@ONE_BACKEND
def test_a_program_in_the_group_is_the_same_user_and_is_never_chosen(gateway: InMemoryGateway):
    answer = gateway.browser().post("/api/v1/mini-program/program/login", json={"code": "c"})
    assert answer.status_code == 200, answer.text
    gateway.platforms["site"].person = person("site:1", union_id="u-1")
    log_in(gateway, DESKTOP, "site")
    assert gateway.stored_people()[:2] == (1, 2)


@ONE_BACKEND
def test_a_union_id_outside_the_group_joins_nobody(gateway: InMemoryGateway):
    log_in(gateway, DESKTOP, "site")
    gateway.browser().log_in()
    assert gateway.stored_people()[:2] == (2, 2)


@ONE_BACKEND
def test_a_union_id_of_another_platform_in_the_group_joins_nobody(gateway: InMemoryGateway):
    gateway.platforms["site"].union_issuer = "another"
    log_in(gateway, DESKTOP, "site")
    log_in(gateway, INSIDE, "app")
    assert gateway.stored_people()[:2] == (2, 2)


@ONE_BACKEND
@pytest.mark.parametrize("other", [None, "union-2", "UNION-1", "union-1 "])
def test_no_union_id_or_another_one_is_another_user(gateway: InMemoryGateway, other: str | None):
    gateway.platforms["app"].person = person("app:1", union_id=other)
    log_in(gateway, DESKTOP, "site")
    log_in(gateway, INSIDE, "app")
    assert gateway.stored_people()[:2] == (2, 2)


@ONE_BACKEND
def test_two_users_that_exist_are_never_merged(gateway: InMemoryGateway):
    for platform in ("app", "site"):
        gateway.platforms[platform].person = person(f"{platform}:1", union_id=None)
    before = [
        log_in(gateway, INSIDE, "app").me()["user_id"],
        log_in(gateway, DESKTOP, "site").me()["user_id"],
    ]
    for platform in ("app", "site"):
        gateway.platforms[platform].person = person(f"{platform}:1")
    after = [log_in(gateway, INSIDE, "app").me()["user_id"], log_in(gateway, DESKTOP, "site").me()["user_id"]]
    assert after == before


@ONE_BACKEND
def test_who_is_disabled_comes_in_by_no_other_page_of_the_group(gateway: InMemoryGateway):
    log_in(gateway, DESKTOP, "site")
    with gateway.services.database.begin() as tx:
        tx.exec_driver_sql("UPDATE users SET disabled_at = created_at")
    browser = gateway.browser()
    answer = browser.finish(browser.start("their", headers=INSIDE), channel="app", headers=INSIDE)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "person_disabled")


def test_first_logins_at_the_same_time_make_one_user(database: Database, clock: FrozenClock):
    """The second one waits until the first has ended, and then finds its user."""
    partners, now = ("app", "site"), clock.now()
    found: list[str] = []

    def second() -> None:
        stored = database.run(
            lambda tx: remember_person(tx, channel="site", known=person("site:1"), now=now, partners=partners)
        )
        found.append(stored.stored.user_id)

    thread = threading.Thread(target=second)
    with database.begin() as tx:
        first = remember_person(tx, channel="app", known=person("app:1"), now=now, partners=partners)
        thread.start()
        thread.join(0.3)
        assert found == []
    thread.join(20)
    assert found == [first.stored.user_id]


@ONE_BACKEND
def test_a_state_of_one_page_is_worth_nothing_on_the_other(gateway: InMemoryGateway):
    browser = gateway.browser()
    answer = browser.finish(browser.start("their", headers=INSIDE), channel="site", headers=INSIDE)
    assert answer.get_json()["error"] == "invalid_state"


@ONE_BACKEND
@pytest.mark.parametrize(
    ("off", "agent", "channel"), [("site", DESKTOP, "app"), ("app", INSIDE, "site"), ("app", DESKTOP, "site")]
)
def test_a_channel_that_is_off_is_left_out(
    gateway: InMemoryGateway, off: str, agent: dict[str, str], channel: str
):
    turn_off(gateway, off)
    started = gateway.browser().start("their", headers=agent)
    assert started.query["redirect_uri"] == f"{BASE_URL}/oauth/{channel}/callback"


@ONE_BACKEND
def test_a_group_without_any_channel_that_is_on_is_not_there(gateway: InMemoryGateway):
    turn_off(gateway, "app", "site")
    assert gateway.browser().get("/oauth/their/start").status_code == 404
    assert [login.name for login in offered_logins(gateway.services)] == ["fake"]


@ONE_BACKEND
def test_a_link_through_the_group_adds_the_channel_of_this_browser(gateway: InMemoryGateway):
    browser = gateway.browser()
    browser.log_in(channel="fake")
    answer = browser.finish(browser.start_link("their"), channel="site", code="c2")
    assert answer.status_code == 303, answer.text
    assert {each["channel"] for each in browser.me()["identities"]} == {"fake", "site"}


@ONE_BACKEND
def test_a_script_and_a_popup_start_at_the_group_too(gateway: InMemoryGateway):
    browser = gateway.browser()
    answer = browser.get("/oauth/their/start?mode=json", headers=INSIDE)
    assert "oauth%2Fapp%2Fcallback" in answer.get_json()["authorize_url"]
    popup = browser.start("their", query="next=/&mode=popup", headers=DESKTOP)
    assert "popup.js" in browser.finish(popup, channel="site").text


@ONE_BACKEND
def test_a_failure_is_told_where_the_start_at_the_group_wanted_it(gateway: InMemoryGateway):
    browser = gateway.browser()
    started = browser.start("their", query="next=/&error_to=https://app.example/cb/failed", headers=DESKTOP)
    answer = browser.get(f"/oauth/site/callback?state={started.state}&error=access_denied")
    assert answer.headers["Location"].startswith(
        "https://app.example/cb/failed?error=access_denied&trace_id="
    )
    wrong = browser.get("/oauth/their/start?next=https://evil.example")
    assert (wrong.status_code, wrong.get_json()["error"]) == (400, "bad_return_url")


@ONE_BACKEND
def test_what_is_asked_of_the_platform_is_bounded(gateway: InMemoryGateway):
    gateway.browser().start("their", headers={"User-Agent": "x" * 5000})
    assert max(map(len, gateway.platforms["app"].agents)) == 512


@ONE_BACKEND
def test_a_list_of_logins_shows_the_group_as_one(gateway: InMemoryGateway):
    assert [(each["name"], each["channels"]) for each in login_view(gateway.services)] == [
        ("their", ["app", "site"]),
        ("fake", ["fake"]),
    ]
    assert login_view(gateway.services)[0]["start_url"] == f"{BASE_URL}/oauth/their/start"


@ONE_BACKEND
def test_the_management_interface_lists_channels_whole_and_logins_as_one(gateway: InMemoryGateway):
    answer = gateway.browser().get("/api/v1/channels", headers={"Authorization": "Bearer ops-token-4d1f8a2b"})
    told = answer.get_json()
    assert [each["name"] for each in told["items"]] == ["app", "site", "program", "fake"]
    assert [each["name"] for each in told["logins"]] == ["their", "fake"]


@ONE_BACKEND
def test_the_front_page_has_one_button_for_the_group(gateway: InMemoryGateway):
    group = replace_title(gateway.services.login_groups[0], "Their login")
    exchange(gateway.services, login_groups=(group,))
    exchange(gateway.services, settings=gateway.services.settings.model_copy(update={"app_env": "dev"}))
    page = create_app(services=gateway.services).test_client().get("/", base_url=BASE_URL).text
    assert page.count("Log in with Their login</a>") == 1
    assert "/oauth/their/start?next=/" in page
    assert "/oauth/app/start" not in page
    assert "/oauth/site/start" not in page


@ONE_BACKEND
def test_the_terminal_prints_where_people_start(gateway: InMemoryGateway):
    printed = CliRunner().invoke(channels_group(gateway.services), ["list"]).output
    assert "their  (login group, Fake)  app, site" in printed
    assert f"{BASE_URL}/oauth/their/start" in printed
    assert "fake  (login group" not in printed


@ONE_BACKEND
def test_an_account_that_was_taken_away_comes_back_to_the_same_person(gateway: InMemoryGateway):
    """So an operator joins two users that exist: the union id decides at the next login."""
    first = log_in(gateway, INSIDE, "app").me()["user_id"]
    browser = log_in(gateway, DESKTOP, "site")
    own = next(each["id"] for each in browser.me()["identities"] if each["channel"] == "site")
    assert browser.post_proven(f"/api/v1/me/identities/{own}/unlink").status_code == 204
    assert gateway.stored_people()[:2] == (1, 1)
    assert log_in(gateway, DESKTOP, "site").me()["user_id"] == first


def replace_title(group: LoginGroupConfig, title: str) -> LoginGroupConfig:
    return group.model_copy(update={"title": title})
