"""One person in the console: accounts and sessions; ending one, ending all, disabling and enabling. All of it is audited."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from app.core.roles import Role
from app.pipeline.operators.people import show_person
from app.pipeline.services import Services
from app.storage.audit import list_audit, write_audit
from app.storage.database.db import Database
from app.storage.login.identities import identities, list_identities
from tests.builders import FrozenClock
from tests.console.conftest import somebody
from tests.console.desk import Desk
from tests.login.in_memory import CodeBrowser, FakePlatform, InMemoryGateway, open_gateway

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1")})
    yield made
    made.close()


@pytest.fixture
def services(gateway: InMemoryGateway) -> Services:
    return gateway.services


@pytest.fixture
def person(gateway: InMemoryGateway) -> str:
    """Return the id of somebody who has logged in twice."""
    for _ in range(2):
        browser = CodeBrowser(gateway)
        browser.usual_channel = "fake"
        browser.log_in()
    with gateway.services.database.read() as tx:
        return list_identities(tx, before=None, limit=1)[0].user_id


@pytest.fixture
def desk(gateway: InMemoryGateway) -> Desk:
    return somebody(gateway.services, gateway.app, Role.OPERATOR)


def live_sessions(services: Services, person: str) -> list[str]:
    return [each["id"] for each in show_person(services, person)["sessions"] if not each["ended_at"]]


def actions(services: Services) -> list[str]:
    with services.database.read() as tx:
        rows = list_audit(tx, before=None, limit=9)
    return [
        row.action for row in rows if row.actor == "the-operatorx" and not row.action.startswith("console.")
    ]


def test_the_list_leads_to_the_person(desk: Desk, person: str) -> None:
    link = f"/console/identities/users/{person}"
    assert f'href="{link}"' in desk.text("/console/identities")
    page = desk.text(link)
    assert page.count('<span class="badge good">signed in</span>') == 2
    assert person in page


def test_one_session_is_ended_and_the_other_goes_on(services: Services, desk: Desk, person: str) -> None:
    one, other = live_sessions(services, person)
    answer = desk.post(f"/console/identities/users/{person}/sessions/{one}/end")
    assert "The session has ended." in desk.text(answer.headers["Location"])
    assert live_sessions(services, person) == [other]
    assert desk.post(f"/console/identities/users/{person}/sessions/{one}/end").status_code == 404
    assert actions(services) == ["sessions.ended"]


def test_all_sessions_are_ended(services: Services, desk: Desk, person: str) -> None:
    answer = desk.post(f"/console/identities/users/{person}/sessions/end")
    page = desk.text(answer.headers["Location"])
    assert "All sessions of this person have ended." in page
    assert "End all sessions" not in page
    assert live_sessions(services, person) == []


def test_disabling_leads_back_to_the_person(services: Services, desk: Desk, person: str) -> None:
    for what, word in (("disable", "disabled"), ("enable", "may log in")):
        answer = desk.post(f"/console/identities/users/{person}/{what}", {"from": "person"})
        assert answer.headers["Location"].startswith(f"/console/identities/users/{person}?")
        assert word in desk.text(answer.headers["Location"])
    assert actions(services) == ["person.enabled", "person.disabled"]


def test_a_viewer_sees_a_person_and_ends_nothing(gateway: InMemoryGateway, person: str) -> None:
    viewer = somebody(gateway.services, gateway.app, Role.VIEWER)
    page = viewer.text(f"/console/identities/users/{person}")
    forms = re.findall(r'method="post" action="([^"]+)"', page)
    assert forms == ["/console/sign-out"]
    assert viewer.post(f"/console/identities/users/{person}/sessions/end").status_code == 403
    assert len(live_sessions(gateway.services, person)) == 2


@pytest.mark.parametrize("odd", ["nobody", "f" * 32, "f" * 5000, "%00"])
def test_nobody_of_that_id_is_told_in_words(desk: Desk, odd: str) -> None:
    assert desk.open(f"/console/identities/users/{odd}").status_code == 404
    for action in ("sessions/end", f"sessions/{odd}/end"):
        assert desk.post(f"/console/identities/users/{odd}/{action}").status_code == 404


def test_a_session_of_somebody_else_is_not_ended_here(services: Services, desk: Desk, person: str) -> None:
    [one, _] = live_sessions(services, person)
    assert desk.post(f"/console/identities/users/{'a' * 32}/sessions/{one}/end").status_code == 404
    assert len(live_sessions(services, person)) == 2


def test_no_page_and_no_table_shows_a_phone_number_or_a_mail_address(
    services: Services, desk: Desk, person: str, clock: FrozenClock
) -> None:
    phone, mail = "13812345678", "ana@shop.example"
    with services.database.begin() as tx:
        tx.execute(identities.update().values(name=f"Ana {phone}", subject=mail))
        write_audit(
            tx, at=clock.now(), actor="lin", action="message.sent", target=phone, detail={"to": [mail, phone]}
        )
    for page in ("identities", f"identities/users/{person}", "audit", "audit.csv"):
        shown = desk.text(f"/console/{page}")
        assert phone not in shown, page
        assert mail not in shown, page
