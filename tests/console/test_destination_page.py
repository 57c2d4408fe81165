"""Destinations in the console: how each one does; pausing, resuming and testing one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.factory import create_app
from app.pipeline.services import Services
from app.storage.audit import list_audit
from tests.console.desk import BASE_URL, PASSWORD, Desk
from tests.forwarding.receiver import Receiver, accept, forwarding_to, run_once

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def services(services_with: Callable[..., Services], receiver: Receiver) -> Services:
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}
    return services_with(channels=forwarding_to(receiver.url), env=env)


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services=services)


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def audited(services: Services) -> list[tuple[str, str, str]]:
    with services.database.read() as tx:
        rows = list_audit(tx, before=None, limit=20)
    return [(row.action, row.target, row.outcome) for row in rows if row.action.startswith("destination.")]


def test_a_destination_shows_how_it_does(admin: Desk, receiver: Receiver) -> None:
    page = admin.text("/console/destinations")
    for part in ("crm", receiver.url, "callback:*", "open"):
        assert part in page


def test_a_paused_destination_says_why_and_how_much_waits(services: Services, operator: Desk) -> None:
    assert operator.post("/console/destinations/crm/pause", {"reason": "it moves house"}).status_code == 303
    accept(services)
    run_once(services)
    page = operator.text("/console/destinations")
    assert "paused by the-operatorx: it moves house" in page
    assert '<td data-label="Waiting" class="number">1</td>' in page
    answer = operator.post("/console/destinations/crm/resume")
    assert "Forwarding starts anew" in operator.text(answer.headers["Location"])
    assert run_once(services) == 1
    assert audited(services) == [
        ("destination.resumed", "crm", "done"),
        ("destination.paused", "crm", "done"),
    ]


def test_it_is_paused_once_and_with_a_reason(admin: Desk) -> None:
    for fields, status, sentence in (
        ({}, 400, "Say why"),
        ({"reason": "why"}, 303, ""),
        ({"reason": "again"}, 409, "paused already"),
    ):
        answer = admin.post("/console/destinations/crm/pause", fields)
        assert answer.status_code == status
        assert sentence in answer.get_data(as_text=True)


def test_a_test_shows_what_the_destination_answered(
    services: Services, admin: Desk, receiver: Receiver
) -> None:
    tried = admin.post("/console/destinations/crm/test").get_data(as_text=True)
    assert "crm took the test event: 204" in tried
    receiver.answers(500)
    tried = admin.post("/console/destinations/crm/test").get_data(as_text=True)
    assert "crm answered 500" in tried
    assert [entry[2] for entry in audited(services)] == ["failed", "done"]


def test_a_destination_that_is_not_there_is_told_in_words(admin: Desk) -> None:
    for action in ("pause", "resume", "test"):
        answer = admin.post(f"/console/destinations/nobody/{action}", {"reason": "why"})
        assert answer.status_code == 404
        assert "There is no such destination" in answer.get_data(as_text=True)


def test_without_destinations_the_page_says_how_one_is_made(services_with: Callable[..., Services]) -> None:
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}
    desk = Desk(create_app(services=services_with(env=env)))
    desk.sign_in()
    assert "There is no destination." in desk.text("/console/destinations")
