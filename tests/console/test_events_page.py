"""The list of events and the page of one: filters in the address, neighbours within them, and what came shown as text."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.factory import create_app
from app.pipeline.services import Services
from app.security.redaction import MASK
from app.storage.database.db import Database
from app.storage.inbox.events import events
from app.storage.inbox.receipts import Receipt, write_receipts
from tests.builders import FrozenClock, make_services
from tests.console.desk import BASE_URL, PASSWORD, Desk
from tests.operators.stage import Crm, accept, away, dead_event, deliver, empty_body

ENV = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}


@pytest.fixture
def crm() -> Crm:
    return away()


@pytest.fixture
def services(database: Database, clock: FrozenClock, crm: Crm) -> Services:
    return make_services(database, env=ENV, clock=clock, router=crm.router())


@pytest.fixture
def three(services: Services, clock: FrozenClock) -> list[str]:
    """Return the ids of three events, the oldest first; the second one is of another type."""
    found = []
    for key, kind in (
        ("evt_1", "user_authorized"),
        ("evt_2", "payment_notify"),
        ("evt_3", "user_authorized"),
    ):
        found.append(accept(services, key, event_type=kind))
        clock.advance(seconds=10)
    return found


def listed(page: str) -> list[str]:
    """Return the ids of the events of a list, in its order."""
    return re.findall(r'class="row-link" href="/console/events/([0-9a-f]{32})', page)


def rel(page: str, name: str) -> str | None:
    found = re.search(rf'rel="{name}" href="([^"]+)"', page)
    return None if found is None else found[1].replace("&amp;", "&")


def test_the_newest_event_stands_first(admin: Desk, three: list[str]) -> None:
    assert listed(admin.text("/console/events")) == three[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=evt_2", [2]),
        ("q=payment", [2]),
        ("q=user_1", [3, 2, 1]),
        ("type=user_*", [3, 1]),
        ("type=payment_notify", [2]),
        ("channel=callback", [3, 2, 1]),
        ("channel=elsewhere", []),
        ("state=received", [3, 2, 1]),
        ("state=dead", []),
        ("data=user_1", [3, 2, 1]),
        ("data=nowhere", []),
        ("since=2026-11-20T12:00:10", [3, 2]),
        ("until=2026-11-20T12:00:10Z", [1]),
        ("q=&data=&type=&state=", [3, 2, 1]),
    ],
)
def test_filters_live_in_the_address(admin: Desk, three: list[str], query: str, found: list[int]) -> None:
    assert listed(admin.text(f"/console/events?{query}")) == [three[number - 1] for number in found]


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("state=sleeping", "There is no such state"),
        ("since=yesterday", "A time in the filters is none"),
        ("until=2026-13-01T00:00", "A time in the filters is none"),
        ("q=a%00b", "A filter holds something"),
        ("cursor=%ff", "begin with the newest"),
        ("cursor=bm9uZQ", "begin with the newest"),
    ],
)
def test_a_bad_filter_is_told_in_words(admin: Desk, query: str, sentence: str) -> None:
    for page in ("events", "dead-letters") if "state" not in query else ("events",):
        answer = admin.open(f"/console/{page}?{query}")
        assert answer.status_code == 400, page
        assert sentence in answer.get_data(as_text=True), page


@pytest.mark.backends("sqlite")
def test_without_events_the_page_says_how_one_comes(admin: Desk) -> None:
    assert "No event has come yet." in admin.text("/console/events")
    page = admin.text("/console/events?q=nothing")
    assert "No event fits." in page
    assert "Show all events" in page


@pytest.mark.backends("sqlite")
def test_a_long_list_goes_on_and_forgets_no_filter(
    services: Services, admin: Desk, clock: FrozenClock
) -> None:
    for number in range(53):
        deliver(services, f"evt_{number}")
        clock.advance(seconds=1)
    first = admin.text("/console/events?type=user_authorized")
    link = re.search(r'href="([^"]+)" rel="next"', first)
    assert link is not None
    assert "type=user_authorized" in link[1]
    second = admin.text(link[1].replace("&amp;", "&"))
    assert (len(listed(first)), len(listed(second))) == (50, 3)
    assert not set(listed(first)) & set(listed(second))


@pytest.mark.backends("sqlite")
def test_a_view_keeps_the_filters_for_its_owner(admin: Desk) -> None:
    fields = {"page": "events", "name": "Payments that failed", "query": "type=payment_*&state=dead"}
    assert admin.post("/console/views", fields).status_code == 303
    page = admin.text("/console/events")
    assert 'href="/console/events?type=payment_%2A&amp;state=dead"' in page
    assert "Payments that failed" in page


def test_one_event_shows_what_became_of_it(services: Services, admin: Desk) -> None:
    page = admin.text(f"/console/events/{dead_event(services)}")
    for part in (
        "evt_1",
        "user_authorized",
        "PermanentError: the crm is away",
        "user_id",
        "203.0.113.7",
        "X-Signature",
    ):
        assert part in page


def test_the_neighbours_lie_within_the_filter(admin: Desk, three: list[str]) -> None:
    page = admin.text(f"/console/events/{three[1]}")
    assert three[2] in (rel(page, "prev") or "")
    assert three[0] in (rel(page, "next") or "")
    page = admin.text(f"/console/events/{three[2]}?type=user_*")
    assert rel(page, "prev") is None
    older = rel(page, "next") or ""
    assert three[0] in older
    assert "type=user_" in older
    page = admin.text(f"/console/events/{three[2]}?q=user_authorized&data=user_1")
    assert three[0] in (rel(page, "next") or "")


@pytest.mark.backends("sqlite")
def test_an_event_that_is_not_there_is_told_in_words(admin: Desk) -> None:
    for name in ("0" * 32, "x", "%00", "a" * 5000):
        answer = admin.open(f"/console/events/{name}")
        assert answer.status_code == 404
        assert "There is no event with this id." in answer.get_data(as_text=True)


@pytest.mark.backends("sqlite")
def test_hostile_text_is_shown_as_text(services: Services, admin: Desk) -> None:
    hostile = "<script>alert(1)</script>\u202e'\"{{7*7}}"
    event_id = accept(services, "evt_1", data={"user_id": "user_1", "note": hostile, hostile: 1})
    with services.database.begin() as tx:
        tx.execute(events.update().values(key=hostile, subject=hostile, type=hostile, remote_addr=hostile))
    for page in ("/console/events", f"/console/events/{event_id}", f"/console/events/{event_id}/replay"):
        text = admin.text(page)
        assert "<script>alert" not in text, page
        assert "\u202e" not in text, page
        assert "&lt;script&gt;alert(1)" in text, page


@pytest.mark.backends("sqlite")
def test_secrets_phone_numbers_and_addresses_are_masked(services: Services, admin: Desk) -> None:
    data = {
        "user_id": "user_1",
        "phone": "13812345678",
        "mail": "lin@example.com",
        "access_token": "t0p-s3cret-value",
    }
    event_id = accept(services, "evt_1", data=data)
    for page in (
        f"/console/events/{event_id}",
        f"/console/events/{event_id}/curl",
        "/console/events?q=evt_1",
    ):
        text = admin.text(page)
        for secret in ("13812345678", "lin@example.com", "t0p-s3cret-value"):
            assert secret not in text, page
    assert MASK in admin.text(f"/console/events/{event_id}")


@pytest.mark.backends("sqlite")
def test_huge_and_deep_data_make_no_huge_page(services: Services, admin: Desk) -> None:
    deep: dict[str, object] = {"end": 1}
    for _ in range(40):
        deep = {"in": deep}
    data = {"user_id": "user_1", "deep": deep, "wide": list(range(5000)), "long": "x" * 200_000}
    page = admin.text(f"/console/events/{accept(services, 'evt_1', data=data)}")
    assert len(page) < 400_000
    assert "4,800" in page or "… and 4800 more, not shown" in page
    assert "The first 32768 of" in page


@pytest.mark.backends("sqlite")
def test_an_emptied_event_keeps_what_became_of_it(services: Services, admin: Desk) -> None:
    event_id = dead_event(services)
    empty_body(services, event_id)
    page = admin.text(f"/console/events/{event_id}")
    assert "Retention has emptied this event" in page
    assert "the crm is away" in page
    for button in ("proof", "curl", "replay"):
        assert f"/console/events/{event_id}/{button}" not in page
        assert admin.open(f"/console/events/{event_id}/{button}").status_code == 409


@pytest.mark.backends("sqlite")
def test_an_event_is_proven_again_in_words(services: Services, app: Flask, admin: Desk) -> None:
    event_id = accept(services)
    assert "Still proven" in admin.text(f"/console/events/{event_id}/proof")
    other = '[channels.callback]\nplatform = "callback"\nsecret = "another-secret-0123456789"\n'
    changed = make_services(services.database, env=ENV, clock=services.clock, channels=other)
    admin.client.application = create_app(services=changed)
    page = admin.text(f"/console/events/{event_id}/proof")
    assert "Not proven with the keys of today." in page
    assert "The signature does not fit" in page
    chinese = admin.text(f"/console/events/{event_id}/proof", **{"Accept-Language": "zh-CN"})
    assert "签名不符" in chinese


@pytest.mark.backends("sqlite")
def test_what_the_platform_was_answered_is_shown(services: Services, admin: Desk, clock: FrozenClock) -> None:
    event_id = accept(services)
    receipt = Receipt(event_id, clock.now(), 200, 4_200, "7" * 32, b'{"ok": "<b>"}')
    with services.database.begin() as tx:
        write_receipts(tx, [receipt])
    page = admin.text(f"/console/events/{event_id}")
    for part in ("200 · 4.2 ms", "7" * 32, "&lt;b&gt;"):
        assert part in page


@pytest.mark.backends("sqlite")
def test_an_event_can_be_copied_as_curl(services: Services, admin: Desk) -> None:
    page = admin.text(f"/console/events/{accept(services)}/curl")
    assert "curl -X POST https://gate.example/webhooks/callback" in page
    assert "data-copy=" in page


@pytest.mark.backends("sqlite")
def test_a_viewer_sees_everything_and_is_offered_no_replay(services: Services, viewer: Desk) -> None:
    event_id = dead_event(services)
    for page in (f"/console/events/{event_id}", "/console/dead-letters"):
        assert "Replay" not in viewer.text(page)
    assert viewer.open(f"/console/events/{event_id}/replay").status_code == 403
    assert viewer.open("/console/replay").status_code == 403
