"""Platform accounts of CONSOLE_ADMINS: signing in with one, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.config.console_admins import ConsoleAdmin, read_console_admin
from app.core.roles import Role
from app.pipeline.operators.people import disable_person
from app.storage.database.db import Database
from app.storage.login.identities import list_identities
from tests.builders import FrozenClock, exchange
from tests.console.desk import Desk
from tests.login.in_memory import CodeBrowser, FakePlatform, InMemoryGateway, open_gateway

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1"), "other": FakePlatform("fake:2")})
    yield made
    made.close()


def allow(gateway: InMemoryGateway, *admins: ConsoleAdmin) -> None:
    settings = gateway.services.settings.model_copy(update={"console_admins": admins})
    exchange(gateway.services, settings=settings)


@pytest.fixture
def desk(gateway: InMemoryGateway) -> Desk:
    """Return the browser of somebody who has just logged in."""
    browser = CodeBrowser(gateway)
    browser.usual_channel = "fake"
    browser.log_in()
    made = Desk(gateway.app)
    made.client = browser.client
    return made


def subject_of(gateway: InMemoryGateway) -> str:
    with gateway.services.database.read() as tx:
        return list_identities(tx, before=None, limit=1)[0].known.subject


def come_in(desk: Desk) -> int:
    return desk.open("/console/sign-in/platform").status_code


def test_an_account_that_is_named_comes_in_with_its_role(gateway: InMemoryGateway, desk: Desk) -> None:
    allow(gateway, ConsoleAdmin("fake", subject_of(gateway), Role.OPERATOR))
    assert come_in(desk) == 303
    assert "operator" in desk.text("/console/account")


@pytest.mark.parametrize("changes", [{"channel": "other"}, {"subject": "somebody else"}])
def test_an_account_that_is_not_named_stays_outside(
    gateway: InMemoryGateway, desk: Desk, changes: dict[str, Any]
) -> None:
    named = ConsoleAdmin("fake", subject_of(gateway), Role.ADMIN)
    allow(gateway, named._replace(**changes))
    assert come_in(desk) == 403
    assert desk.open("/console/").status_code == 303


def test_an_account_that_is_taken_out_is_out_at_once(gateway: InMemoryGateway, desk: Desk) -> None:
    allow(gateway, ConsoleAdmin("fake", subject_of(gateway), Role.ADMIN))
    come_in(desk)
    allow(gateway)
    assert desk.open("/console/").status_code == 303


def test_a_person_who_is_disabled_is_out_at_once(gateway: InMemoryGateway, desk: Desk) -> None:
    allow(gateway, ConsoleAdmin("fake", subject_of(gateway), Role.ADMIN))
    come_in(desk)
    with gateway.services.database.read() as tx:
        user = list_identities(tx, before=None, limit=1)[0].user_id
    disable_person(gateway.services, user, actor="test")
    assert desk.open("/console/").status_code == 303


def test_a_picture_on_a_strange_page_signs_nobody_in(gateway: InMemoryGateway, desk: Desk) -> None:
    allow(gateway, ConsoleAdmin("fake", subject_of(gateway), Role.ADMIN))
    headers = {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"}
    assert desk.open("/console/sign-in/platform", **headers).status_code == 403


@pytest.mark.parametrize(
    ("entry", "admin"),
    [
        ("feishu:ou_1", ("feishu", "ou_1", "viewer")),
        ("feishu:ou_1:admin", ("feishu", "ou_1", "admin")),
        ("idp:urn:user:7", ("idp", "urn:user:7", "viewer")),
        ("idp:urn:user:7:operator", ("idp", "urn:user:7", "operator")),
    ],
)
def test_an_entry_names_channel_subject_and_role(entry: str, admin: tuple[str, str, str]) -> None:
    assert read_console_admin(entry) == admin


@pytest.mark.parametrize("entry", ["", "feishu", "feishu:", ":ou_1", ":", "::admin"])
def test_an_entry_without_channel_or_subject_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="channel:subject"):
        read_console_admin(entry)
