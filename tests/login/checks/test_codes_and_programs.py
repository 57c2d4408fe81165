"""Checks 80, 83 and 84: codes that a phone scans, and programs of a platform that log in without a page.

There is no login by QR code of our own: what is shown as one here are bind codes, and platforms' own pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from app.pipeline.binding.codes import create_bind_code
from app.pipeline.operators.people import disable_person
from app.pipeline.services import Services
from app.storage.binding.bindcodes import BindCode
from app.storage.binding.openids import openids
from app.storage.database.db import Database
from tests.binding.fakes import binding_services, deliver, scan
from tests.builders import NOW, FrozenClock
from tests.login.browser import SESSION_COOKIE, cookies_set
from tests.login.gateway import Gateway
from tests.login.in_memory import CodeBrowser, InMemoryGateway, ProgramPlatform, open_gateway

LOGIN = "/api/v1/mini-program/program/login"
TOKEN = {"Authorization": "Bearer ops-token-4d1f8a2b"}


@pytest.fixture
def binding(database: Database, clock: FrozenClock) -> Iterator[Services]:
    services = binding_services(database, clock=clock)
    yield services
    services.inline_pool.shutdown(wait=False)


@pytest.fixture
def made(binding: Services) -> BindCode:
    return create_bind_code(binding, app="crm", channel_name="shop", ttl=90).bindcode


def shown_in_the_picture(made: BindCode) -> list[str]:
    assert made.qr_content is not None
    return [made.qr_content, made.scene, quote(made.qr_content, safe="")]


@pytest.mark.backends("sqlite")
def test_check_83a_what_the_qr_code_shows_neither_polls_nor_opens_the_page(
    binding: Services, made: BindCode, clock: FrozenClock
):
    client = Gateway(binding, clock).app.test_client()
    assert client.get(f"/bind/{made.page_key}/status").get_json()["status"] == "pending"
    for value in (*shown_in_the_picture(made), made.code):
        assert made.page_key not in value
        for path in (f"/bind/{value}", f"/bind/{value}/status", f"/bind/{value}/qr.svg"):
            assert client.get(path).status_code == 404
    for value in shown_in_the_picture(made):
        assert client.get(f"/api/v1/bindcodes/{value}").status_code in (401, 404)
        assert client.get(f"/api/v1/bindcodes/{value}", headers=TOKEN).status_code == 404


@pytest.mark.backends("sqlite")
def test_check_83b_polling_never_makes_a_session_and_names_nobody(
    binding: Services, made: BindCode, clock: FrozenClock
):
    gateway = Gateway(binding, clock)
    deliver(binding, scan(made.scene, "oA"))
    answer = gateway.browser().get(f"/bind/{made.page_key}/status")
    assert answer.get_json()["status"] == "bound"
    assert "oA" not in answer.text
    assert cookies_set(answer) == {}


def test_check_83c_a_code_is_good_for_one_person_once(binding: Services, made: BindCode, clock: FrozenClock):
    first, second = (deliver(binding, scan(made.scene, open_id)) for open_id in ("oA", "oB"))
    assert first is not None
    assert second is not None
    assert "used" in second
    gateway = Gateway(binding, clock)
    assert gateway.count(openids) == 1


def test_check_83d_a_code_that_has_expired_binds_nobody(
    binding: Services, made: BindCode, clock: FrozenClock
):
    late = NOW + timedelta(seconds=91)
    answer = deliver(binding, scan(made.scene, "oA", at=late, received_at=late))
    assert answer is not None
    assert "expired" in answer
    assert Gateway(binding, clock).count(openids) == 0


@pytest.mark.backends("sqlite")
def test_check_83e_the_phone_shows_what_was_approved(binding: Services, made: BindCode):
    answer = deliver(binding, scan(made.scene, "oA"))
    assert answer is not None
    assert "crm" in answer


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    """Return a gateway with the channel `program`, whose people come from a program of the platform's own."""
    opened = open_gateway(database, clock, {"program": ProgramPlatform()})
    yield opened
    opened.close()


@pytest.fixture
def browser(gateway: InMemoryGateway) -> CodeBrowser:
    return gateway.browser()


def test_check_84a_the_same_code_twice_logs_nobody_in_again(gateway: InMemoryGateway, browser: CodeBrowser):
    assert browser.post(LOGIN, json={"code": "js-1"}).status_code == 200
    people = gateway.stored_people()
    again = gateway.browser().post(LOGIN, json={"code": "js-1"})
    assert (again.status_code, again.get_json()["error"]) == (401, "login_required")
    assert "token" not in again.get_json()
    assert gateway.stored_people() == people


def test_check_84b_a_code_of_another_program_is_refused(gateway: InMemoryGateway, browser: CodeBrowser):
    answer = browser.post(LOGIN, json={"code": "foreign-1"})
    assert (answer.status_code, answer.get_json()["error"]) == (502, "upstream_refused")
    assert gateway.stored_people() == (0, 0, 0, 0)


@pytest.mark.backends("sqlite")
def test_check_80i_a_disabled_person_gets_in_by_no_program_either(
    gateway: InMemoryGateway, browser: CodeBrowser
):
    headers = {"Authorization": f"Bearer {browser.post(LOGIN, json={'code': 'js-1'}).get_json()['token']}"}
    user_id = browser.get("/api/v1/me", headers=headers).get_json()["user_id"]
    disable_person(gateway.services, user_id, actor="terminal")
    assert browser.get("/api/v1/me", headers=headers).status_code == 401
    answer = browser.post(LOGIN, json={"code": "js-2"})
    assert (answer.status_code, answer.get_json()["error"]) == (403, "person_disabled")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("name", ["appid", "app_id", "session_key", "openid", "user"])
def test_check_84c_a_program_says_nothing_but_its_code(
    gateway: InMemoryGateway, browser: CodeBrowser, name: str
):
    answer = browser.post(LOGIN, json={"code": "js-1", name: "wx-foreign"})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unknown_field")
    assert gateway.stored_people() == (0, 0, 0, 0)


def test_check_84d_what_the_platform_gave_for_the_code_never_leaves_the_gateway(
    gateway: InMemoryGateway, browser: CodeBrowser
):
    login = browser.post(LOGIN, json={"code": "js-1"})
    headers = {"Authorization": f"Bearer {login.get_json()['token']}"}
    me = browser.get("/api/v1/me", headers=headers)
    identity = browser.get(f"/api/v1/me/identities/{me.get_json()['identity']['id']}", headers=headers)
    verified = browser.get("/auth/verify", headers=headers)
    for answer in (login, me, identity, verified):
        assert answer.status_code == 200
        assert ProgramPlatform.SESSION_KEY not in answer.text + str(answer.headers)
        assert "session_key" not in answer.text
        assert SESSION_COOKIE not in cookies_set(answer), "a program keeps its token itself"
    assert ProgramPlatform.SESSION_KEY not in gateway.all_stored(), "it is sealed"
