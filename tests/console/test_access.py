"""Who gets into the console, for how long, and what a form needs to count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.roles import Role
from app.factory import create_app
from app.pipeline.operators.console_people import (
    add_console_person,
    remove_console_person,
    set_console_password,
    set_console_role,
)
from app.pipeline.services import Services
from app.storage.audit import list_audit
from app.storage.database.db import Database
from tests.builders import FrozenClock, make_services
from tests.console.conftest import OTHERS_PASSWORD
from tests.console.desk import BASE_URL, PASSWORD, Desk


def pages_of(app: Flask) -> Iterator[str]:
    """Return the address of every page of the console that needs no name."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/console/") and not rule.arguments and "GET" in (rule.methods or ()):
            yield rule.rule


@pytest.mark.backends("sqlite")
def test_every_page_sends_a_stranger_to_the_sign_in_page(app: Flask, stranger: Desk) -> None:
    pages = [page for page in pages_of(app) if not page.startswith("/console/sign-in")]
    answers = {page: stranger.open(page) for page in pages}
    assert len(answers) >= 3
    for page, answer in answers.items():
        assert (answer.status_code, "/console/sign-in" in answer.headers["Location"]) == (303, True), page


@pytest.mark.backends("sqlite")
def test_every_form_refuses_a_stranger(app: Flask, stranger: Desk) -> None:
    for rule in app.url_map.iter_rules():
        if (
            rule.rule.startswith("/console/")
            and "POST" in (rule.methods or ())
            and "sign-in" not in rule.rule
        ):
            path = rule.build(dict.fromkeys(rule.arguments, "1"))
            assert path is not None
            assert stranger.post(path[1], token=None).status_code == 401, rule.rule


@pytest.mark.backends("sqlite")
def test_every_form_refuses_a_viewer_unless_it_is_the_viewers_own(app: Flask, viewer: Desk) -> None:
    own = {"/console/sign-out", "/console/account/password", "/console/account/sessions/end"}
    own |= {"/console/views", "/console/views/remove", "/console/sign-in"}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/console/") and "POST" in (rule.methods or ()) and rule.rule not in own:
            path = rule.build(dict.fromkeys(rule.arguments, "1"))
            assert path is not None
            assert viewer.post(path[1]).status_code == 403, rule.rule


@pytest.mark.backends("sqlite")
def test_every_form_needs_the_token_of_its_own_session(app: Flask, admin: Desk) -> None:
    for rule in app.url_map.iter_rules():
        if (
            rule.rule.startswith("/console/")
            and "POST" in (rule.methods or ())
            and "sign-in" not in rule.rule
        ):
            path = rule.build(dict.fromkeys(rule.arguments, "1"))
            assert path is not None
            assert admin.post(path[1], token="0" * 64).status_code == 403, rule.rule


def test_a_person_signs_in_and_out(admin: Desk) -> None:
    assert "What needs you now" in admin.text("/console/")
    assert admin.post("/console/sign-out").status_code == 303
    assert admin.open("/console/").status_code == 303


@pytest.mark.backends("sqlite")
def test_the_way_leads_back_to_the_page_that_was_asked_for(stranger: Desk) -> None:
    asked = stranger.open("/console/account?x=1").headers["Location"]
    assert asked.endswith("next=%2Fconsole%2Faccount%3Fx%3D1")
    assert stranger.sign_in(next="/console/account?x=1").headers["Location"] == "/console/account?x=1"


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/console/\\evil", "/", "/console/\n", "javascript:x"],
)
def test_the_way_never_leads_elsewhere(stranger: Desk, elsewhere: str) -> None:
    assert stranger.sign_in(next=elsewhere).headers["Location"] == "/console/"


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("admin", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("admin", ""),
        ("admin", "x" * 10_000),
        ("a" * 999, "x"),
    ],
)
def test_a_wrong_password_lets_nobody_in(stranger: Desk, name: str, password: str) -> None:
    answer = stranger.sign_in(name, password)
    assert answer.status_code == 401
    assert "Name and password do not belong together." in answer.get_data(as_text=True)
    assert stranger.open("/console/").status_code == 303


@pytest.mark.backends("sqlite")
def test_guessing_is_slowed(stranger: Desk) -> None:
    answers = [stranger.sign_in(password=f"guess {number}") for number in range(11)]
    assert [each.status_code for each in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert stranger.sign_in().status_code == 429


@pytest.mark.backends("sqlite")
def test_another_sites_form_signs_nobody_in(stranger: Desk) -> None:
    fields = {"name": "admin", "password": PASSWORD}
    answer = stranger.post("/console/sign-in", fields, token=None, Origin="https://evil.example")
    assert answer.status_code == 403


def test_a_session_ends_when_it_is_not_used(admin: Desk, clock: FrozenClock) -> None:
    clock.advance(hours=11)
    assert admin.open("/console/").status_code == 200
    clock.advance(hours=11)
    assert admin.open("/console/").status_code == 200
    clock.advance(hours=13)
    assert admin.open("/console/").status_code == 303


@pytest.mark.backends("sqlite")
def test_a_session_ends_after_its_longest_time_however_much_it_is_used(
    admin: Desk, clock: FrozenClock
) -> None:
    for _ in range(17):
        clock.advance(hours=10)
        admin.open("/console/")
    assert admin.open("/console/").status_code == 303


def test_another_password_ends_the_sessions_of_the_old_one(services: Services, operator: Desk) -> None:
    set_console_password(services, "the-operatorx", "Another-word-12", actor="test")
    assert operator.open("/console/").status_code == 303


@pytest.mark.backends("sqlite")
def test_a_person_who_is_removed_is_out_at_once(services: Services, operator: Desk) -> None:
    remove_console_person(services, "the-operatorx", actor="test")
    assert operator.open("/console/").status_code == 303


@pytest.mark.backends("sqlite")
def test_another_role_counts_from_the_next_request_on(services: Services, viewer: Desk) -> None:
    assert viewer.open("/console/operators").status_code == 403
    set_console_role(services, "the-viewerx", Role.ADMIN, actor="test")
    assert viewer.open("/console/operators").status_code == 200


@pytest.mark.backends("sqlite")
def test_another_first_password_ends_the_sessions_of_the_old_one(
    database: Database, clock: FrozenClock, admin: Desk
) -> None:
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": "Another-first-word-1"}
    admin.client.application = create_app(services=make_services(database, env=env, clock=clock))
    assert admin.open("/console/").status_code == 303
    assert admin.sign_in(password="Another-first-word-1").status_code == 303


@pytest.mark.backends("sqlite")
def test_without_anybody_the_page_says_how_to_begin(database: Database) -> None:
    desk = Desk(create_app(services=make_services(database, env={"PUBLIC_BASE_URL": BASE_URL})))
    assert "flask users add NAME --role admin" in desk.text("/console/sign-in")
    assert desk.sign_in("admin", "").status_code == 401


@pytest.mark.backends("sqlite")
def test_a_persons_own_password_is_changed_with_the_old_one(services: Services, operator: Desk) -> None:
    fields = {"password": "wrong", "new_password": "A-new-word-that-holds"}
    assert operator.post("/console/account/password", fields).status_code == 401
    fields["password"] = OTHERS_PASSWORD
    assert operator.post("/console/account/password", fields).status_code == 303
    assert operator.open("/console/").status_code == 200


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaa", "my-new.person-1", "x" * 257, "nul\0in-the-middle"]
)
def test_a_bad_password_is_not_taken(services: Services, admin: Desk, password: str) -> None:
    fields = {"name": "new.person", "password": password, "role": "viewer"}
    assert admin.post("/console/operators", fields).status_code == 400
    assert "new.person" not in admin.text("/console/operators")


@pytest.mark.backends("sqlite")
def test_a_name_is_taken_once(services: Services, admin: Desk) -> None:
    fields = {"name": "new.person", "password": OTHERS_PASSWORD, "role": "viewer"}
    assert admin.post("/console/operators", fields).status_code == 303
    assert admin.post("/console/operators", fields).status_code == 409
    assert admin.post("/console/operators", fields | {"name": "Admin"}).status_code == 409


def test_who_did_what_is_written_down_and_no_password_is(services: Services, admin: Desk) -> None:
    add_console_person(services, "new.person", OTHERS_PASSWORD, Role.VIEWER, actor="admin")
    admin.sign_in(password="a-password-typed-wrong")
    with services.database.read() as tx:
        rows = list_audit(tx, before=None, limit=10)
    assert [(row.actor, row.action, row.outcome) for row in rows] == [
        ("anonymous", "console.sign_in", "wrong_password"),
        ("admin", "console.person_added", "done"),
        ("admin", "console.sign_in", "done"),
    ]
    assert OTHERS_PASSWORD not in str(rows)
