"""What one person or one address may have: questions to the platform, and refused returns that the audit keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.pipeline.login import profiles
from app.pipeline.upkeep.retention import ANONYMOUS_DAYS, prune_all
from app.storage import audit
from app.storage.audit import ANONYMOUS, drop_anonymous_beyond_cap, list_audit, write_audit
from app.storage.database.db import Database
from tests.builders import NOW
from tests.login.in_memory import CodeBrowser, InMemoryGateway

ON_SQLITE = pytest.mark.backends("sqlite")


@pytest.fixture
def limited(gateway: InMemoryGateway) -> InMemoryGateway:
    gateway.services.rate_limits._enabled = True
    return gateway


@pytest.fixture
def browser(limited: InMemoryGateway) -> CodeBrowser:
    made = limited.browser()
    made.log_in()
    return made


def entries(gateway: InMemoryGateway) -> list[tuple[str, str]]:
    with gateway.services.database.read() as tx:
        return [(row.actor, row.outcome) for row in list_audit(tx, before=None, limit=200)]


@ON_SQLITE
def test_a_person_may_ask_the_platform_sixty_times_a_minute_over_all_routes(
    limited: InMemoryGateway, browser: CodeBrowser
) -> None:
    asked: list[Any] = []
    limited.fake.on_identity = asked.append
    mine = f"/api/v1/me/identities/{browser.me()['identity']['id']}?fresh=1"
    for _ in range(20):
        assert browser.get("/api/v1/me?fresh=1").status_code == 200
        assert browser.get(mine).status_code == 200
        assert browser.post_proven("/api/v1/me/topup").status_code == 200
    refused = [
        browser.get("/api/user/info?fresh=1"),
        browser.get(mine),
        browser.post_proven("/api/v1/me/topup"),
    ]
    for answer in refused:
        assert (answer.status_code, answer.get_json()["error"]) == (429, "rate_limited")
        assert int(answer.headers["Retry-After"]) > 0
        assert "fresh=1" in answer.get_json()["message"]
    assert len(asked) == 60
    assert browser.get("/api/v1/me").status_code == 200


@ON_SQLITE
def test_many_people_at_one_address_share_a_larger_limit(
    limited: InMemoryGateway, browser: CodeBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "QUESTIONS_PER_PERSON", "3 per hour")
    monkeypatch.setattr(profiles, "QUESTIONS_PER_ADDRESS", "2 per hour")
    assert [browser.get("/api/v1/me?fresh=1").status_code for _ in range(3)] == [200, 200, 429]
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "198.51.100.9"}}
    other = limited.browser()
    other.log_in("c2")
    assert other.get("/api/v1/me?fresh=1").status_code == 429
    monkeypatch.setattr(profiles, "QUESTIONS_PER_PERSON", "30 per hour")
    assert other.get("/api/v1/me?fresh=1", **elsewhere).status_code == 200


@ON_SQLITE
def test_returns_of_nobody_known_leave_a_bounded_number_of_entries(
    gateway: InMemoryGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_ANONYMOUS", 10)
    monkeypatch.setattr(audit, "PRUNE_EVERY", 1)
    person = gateway.browser()
    person.log_in()
    stranger = gateway.browser()
    for number in range(40):
        assert stranger.get(f"/oauth/fake/callback?code=x&state=made-up-{number}").status_code == 400
    found = entries(gateway)
    assert [outcome for actor, outcome in found if actor == ANONYMOUS] == ["invalid_state"] * 10
    assert [outcome for actor, outcome in found if actor != ANONYMOUS] == ["succeeded"]


@ON_SQLITE
def test_a_persons_refused_returns_are_kept_up_to_a_number_an_hour(
    limited: InMemoryGateway, browser: CodeBrowser
) -> None:
    for number in range(30):
        assert browser.get(f"/oauth/fake/callback?code=x&state=made-up-{number}").status_code == 400
    assert entries(limited)[:-1] == [(browser.me()["user_id"], "invalid_state")] * 20


def write(database: Database, *entries: tuple[str, timedelta]) -> None:
    with database.begin() as tx:
        for actor, ago in entries:
            write_audit(tx, at=NOW - ago, actor=actor, action="login", target="fake")


def actors(database: Database) -> list[str]:
    with database.read() as tx:
        return [row.actor for row in list_audit(tx, before=None, limit=100)]


def test_entries_of_nobody_known_go_after_some_days_and_those_of_people_stay(
    gateway: InMemoryGateway, database: Database
) -> None:
    old, young = timedelta(days=ANONYMOUS_DAYS, seconds=1), timedelta(days=ANONYMOUS_DAYS - 1)
    write(database, ("u1", old), (ANONYMOUS, old), (ANONYMOUS, young), ("system", old))
    assert prune_all(gateway.services).audit_entries == 1
    assert actors(database) == ["system", ANONYMOUS, "u1"]


def test_the_newest_entries_of_nobody_known_are_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_ANONYMOUS", 2)
    now = timedelta()
    write(database, (ANONYMOUS, now), ("u1", now), (ANONYMOUS, now), (ANONYMOUS, now))
    with database.begin() as tx:
        assert drop_anonymous_beyond_cap(tx) == 1
        assert drop_anonymous_beyond_cap(tx) == 0
    assert actors(database) == [ANONYMOUS, ANONYMOUS, "u1"]
