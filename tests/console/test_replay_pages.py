"""Dead letters and replays in the console: what would happen, a reason, what came of it, and progress that is honest."""

from __future__ import annotations

import re

import pytest

from app.core.states import EventState
from app.pipeline.operators.replay import replay_events
from app.pipeline.operators.replay_order import ReplayOrder
from app.pipeline.operators.replay_progress import ReplayProgress, replay_progress
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.storage.inbox.events import EventFilter
from tests.builders import FrozenClock, make_services
from tests.console.desk import BASE_URL, PASSWORD, Desk
from tests.operators.stage import (
    Crm,
    accept,
    attempts_of,
    audited,
    away,
    dead_event,
    detail_of,
    many_dead,
    run_due,
)

DEAD = EventFilter(state=EventState.DEAD)


@pytest.fixture
def crm() -> Crm:
    return away()


@pytest.fixture
def router(crm: Crm) -> Router:
    return crm.router()


@pytest.fixture
def services(database: Database, clock: FrozenClock, router: Router) -> Services:
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}
    return make_services(database, env=env, clock=clock, router=router)


def replay_many(desk: Desk, **fields: str) -> str:
    """Replay all dead letters and return the address of the page that shows how it goes on."""
    answer = desk.post("/console/replay", {"state": "dead", "reason": "the crm is back", **fields})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def numbers(page: str) -> dict[str, int]:
    """Return the tiles of a progress page."""
    found = re.findall(r'<span class="muted">([^<]+)</span><strong>([\d,]+)</strong>', page)
    return {name: int(number.replace(",", "")) for name, number in found}


def test_a_dead_letter_says_where_and_why_it_failed(services: Services, admin: Desk) -> None:
    event_id = dead_event(services)
    page = admin.text("/console/dead-letters")
    for part in (event_id, "crm", "PermanentError: the crm is away", "Attempts: 1"):
        assert part in page


@pytest.mark.backends("sqlite")
def test_without_dead_letters_the_page_is_calm(admin: Desk) -> None:
    assert "Nothing has failed for good." in admin.text("/console/dead-letters")
    assert "No dead letter fits." in admin.text("/console/dead-letters?channel=x")


@pytest.mark.backends("sqlite")
def test_a_replay_of_one_says_first_what_would_happen(services: Services, admin: Desk) -> None:
    page = admin.text(f"/console/events/{dead_event(services)}/replay")
    assert "Routes that run again: 1" in page
    assert len(audited(services)) == 0


@pytest.mark.backends("sqlite")
def test_what_a_replay_of_all_leaves_alone_is_told(
    services: Services, admin: Desk, router: Router, clock: FrozenClock
) -> None:
    event_id = accept(services)
    router.on("callback", name="late")(lambda event, context: None)
    page = admin.text(f"/console/events/{event_id}/replay")
    assert "would be new to it; runs only when you choose it" in page
    assert "<option>late</option>" in page


def test_an_operator_replays_one_event_with_a_reason(services: Services, operator: Desk, crm: Crm) -> None:
    event_id = dead_event(services)
    crm.error = None
    answer = operator.post(f"/console/events/{event_id}/replay?type=user_*", {"reason": "the crm is back"})
    assert answer.status_code == 303
    assert "It runs again" in operator.text(answer.headers["Location"])
    assert "type=user_" in answer.headers["Location"]
    run_due(services)
    assert detail_of(services, event_id)["state"] == "succeeded"
    assert attempts_of(services, event_id)[-1] == (2, "succeeded", "manual")
    [entry] = audited(services)
    assert (entry.actor, b"the crm is back" in bytes(entry.detail)) == ("the-operatorx", True)


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Say why"),
        ({"reason": "  "}, "Say why"),
        ({"reason": "x" * 201}, "Say why"),
        ({"reason": "why", "route": "nobody"}, "This route is not loaded any more"),
    ],
)
def test_a_replay_of_one_without_what_it_needs_changes_nothing(
    services: Services, admin: Desk, fields: dict[str, str], sentence: str
) -> None:
    event_id = dead_event(services)
    answer = admin.post(f"/console/events/{event_id}/replay", fields)
    assert answer.status_code in (400, 404)
    assert sentence in answer.get_data(as_text=True)
    assert audited(services) == []


@pytest.mark.backends("sqlite")
def test_a_replay_of_many_says_first_how_many_and_what(services: Services, admin: Desk) -> None:
    many_dead(services, 12)
    dead_event(services, "evt_pay", event_type="payment_notify")
    page = admin.text("/console/replay?state=dead")
    assert "Events: 13" in page
    assert re.search(r"user_authorized</td>.*?>12</td>", page, re.DOTALL)
    assert "Events: 1<" in admin.text("/console/replay?state=dead&type=payment_notify")
    assert "there is nothing to replay" in admin.text("/console/replay?state=dead&q=nowhere")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason": ""}, "Say why"),
        ({"rate": "fast"}, "The rate is a number"),
        ({"rate": "nan"}, "The rate is a number"),
        ({"rate": "1e9"}, "The rate is a number"),
        ({"limit": "0"}, "One replay takes"),
        ({"limit": "1e3"}, "One replay takes"),
        ({"dispatches": "some"}, "Choose what runs again"),
        ({"route": "nobody"}, "This route is not loaded any more"),
        ({"state": "sleeping"}, "There is no such state"),
        ({"since": "yesterday"}, "A time in the filters is none"),
    ],
)
def test_a_replay_of_many_with_a_bad_field_changes_nothing(
    services: Services, admin: Desk, fields: dict[str, str], sentence: str
) -> None:
    dead_event(services)
    answer = admin.post("/console/replay", {"state": "dead", "reason": "why", **fields})
    assert answer.status_code in (400, 404)
    assert sentence in answer.get_data(as_text=True)
    assert audited(services) == []


def test_progress_counts_what_waits_is_tried_and_has_ended(
    services: Services, admin: Desk, crm: Crm, clock: FrozenClock
) -> None:
    many_dead(services, 6)
    clock.advance(minutes=1)
    page = replay_many(admin, rate="1")
    assert numbers(admin.text(page)) == {"Succeeded": 0, "Dead again": 0, "Being tried": 0, "Waiting": 6}
    crm.error = None
    run_due(services)
    clock.advance(seconds=1)
    crm.error = away().error
    run_due(services)
    assert numbers(admin.text(page)) == {"Succeeded": 1, "Dead again": 1, "Being tried": 0, "Waiting": 4}
    clock.advance(seconds=1)
    crm.error = ValueError("only for now")
    run_due(services)
    assert numbers(admin.text(page)) == {"Succeeded": 1, "Dead again": 1, "Being tried": 1, "Waiting": 3}
    crm.error = None
    clock.advance(minutes=30)
    run_due(services)
    text = admin.text(page)
    assert numbers(text) == {"Succeeded": 5, "Dead again": 1, "Being tried": 0, "Waiting": 0}
    assert "Replay finished" in text


def test_progress_counts_nothing_that_failed_by_itself(
    services: Services, admin: Desk, crm: Crm, clock: FrozenClock
) -> None:
    many_dead(services, 2)
    clock.advance(minutes=1)
    page = replay_many(admin)
    clock.advance(seconds=1)
    dead_event(services, "evt_of_its_own")
    crm.error = ValueError("only for now")
    accept(services, "evt_retrying")
    run_due(services)
    counted = numbers(admin.text(page))
    assert sum(counted.values()) == 2
    assert counted["Dead again"] == 2


def of(services: Services, location: str) -> ReplayProgress:
    return replay_progress(services, location.rpartition("/")[2])


@pytest.mark.backends("sqlite")
def test_progress_says_when_another_replay_is_in_its_numbers(
    services: Services, admin: Desk, clock: FrozenClock
) -> None:
    dead_event(services)
    page = replay_many(admin)
    assert not of(services, page).others_since
    clock.advance(seconds=1)
    replay_events(services, DEAD, ReplayOrder("ops", "again", trace_id="2" * 32), limit=None)
    assert of(services, page).others_since
    assert "Somebody replayed events after this one began" in admin.text(page)


@pytest.mark.backends("sqlite")
def test_progress_keeps_to_the_filter_of_its_replay(
    services: Services, admin: Desk, clock: FrozenClock
) -> None:
    dead_event(services, "evt_1")
    dead_event(services, "evt_2", event_type="payment_notify")
    clock.advance(seconds=1)
    one = replay_many(admin, type="payment_notify")
    other = replay_many(admin, type="user_authorized")
    run_due(services)
    assert numbers(admin.text(one))["Dead again"] == 1
    assert numbers(admin.text(other))["Dead again"] == 1


@pytest.mark.backends("sqlite")
def test_the_audit_leads_to_the_progress(services: Services, admin: Desk) -> None:
    dead_event(services)
    page = replay_many(admin)
    assert page in admin.text("/console/audit?action=events.replayed")


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("name", ["0" * 32, "x" * 999, "%00", "e\u0301"])
def test_a_replay_that_is_not_there_is_told_in_words(services: Services, admin: Desk, name: str) -> None:
    answer = admin.open(f"/console/replays/{name}")
    assert answer.status_code == 404
    assert "There is no replay of many events" in answer.get_data(as_text=True)


@pytest.mark.backends("sqlite")
def test_more_than_one_replay_may_take_are_taken_in_turn(
    services: Services, admin: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_dead(services, 4)
    monkeypatch.setattr("app.web.console.replay.MOST_AT_ONCE", 3)
    page = admin.text("/console/replay?state=dead")
    assert "More than 3 events" in page
    assert 'name="limit" value="3"' in page
    assert of(services, replay_many(admin, limit="3")).dispatches == 3
