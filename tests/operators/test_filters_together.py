"""Filters together: every combination finds what it says, whichever of them the index answers, within the time that is given."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import event

from app.core.states import EventState
from app.pipeline.operators.event_neighbours import neighbours_of
from app.pipeline.operators.events import list_events_page
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.storage.inbox.events import EventFilter, events
from app.storage.queue.event_lists import list_events
from tests.builders import CALLBACK_CHANNEL, FrozenClock, make_services
from tests.operators.stage import accept

FILTERS = {
    "channel": "callback",
    "type": "payment_notify",
    "state": "dead",
    "subject": "user_2",
    "since": "2026-11-20T12:00:03Z",
    "until": "2026-11-20T12:00:09Z",
    "q": "evt_",
}


@pytest.fixture
def services(database: Database, clock: FrozenClock) -> Services:
    """Return a gateway that stores whatever is proven."""
    return make_services(database, clock=clock, channels=f'{CALLBACK_CHANNEL}unknown_events = "store"\n')


@pytest.fixture
def stored(services: Services, clock: FrozenClock) -> list[dict[str, Any]]:
    """Return twelve events as lists show them, newest first: of two types, three states, two channels and three people."""
    for number in range(12):
        event_id = accept(
            services, f"evt_{number}", event_type=("payment_notify", "user_authorized")[number % 2]
        )
        changes = {
            "state": ("dead", "ignored", "dead", "succeeded")[number % 4],
            "subject": f"user_{number % 3}",
            "channel": "elsewhere" if number == 8 else "callback",
        }
        with services.database.begin() as tx:
            tx.execute(events.update().where(events.c.id == event_id).values(**changes))
        clock.advance(seconds=1)
    return list_events_page(services, {}, cursor=None, limit=100)["items"]


def fits(item: dict[str, Any], wanted: dict[str, str]) -> bool:
    at = item["received_at"].replace(".000", "")
    return all(
        item[name] == value for name, value in wanted.items() if name not in ("since", "until", "q")
    ) and wanted.get("since", "") <= at < wanted.get("until", "9")


def walked(services: Services, wanted: dict[str, str], *, limit: int) -> list[str]:
    """Return what all pages of a list show."""
    found, cursor = [], None
    for _ in range(100):
        page = list_events_page(services, wanted, cursor=cursor, limit=limit, seconds=0)
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("the list has no end")


def test_every_combination_finds_what_it_says(services: Services, stored: list[dict[str, Any]]) -> None:
    for count in range(1, len(FILTERS) + 1):
        for names in combinations(FILTERS, count):
            wanted = {name: FILTERS[name] for name in names}
            found = walked(services, wanted, limit=50)
            assert found == [item["id"] for item in stored if fits(item, wanted)], wanted


@pytest.mark.backends("sqlite")
def test_pages_of_one_lose_and_repeat_nothing(services: Services, stored: list[dict[str, Any]]) -> None:
    wanted = {"channel": "callback", "type": "pay*", "state": "dead"}
    assert walked(services, wanted, limit=1) == [
        item["id"] for item in stored if item["state"] == "dead" and item["channel"] == "callback"
    ]


def test_neighbours_are_those_of_the_list(services: Services, stored: list[dict[str, Any]]) -> None:
    for wanted in (
        {"channel": "callback", "state": "dead"},
        {"type": "pay*", "q": "evt_"},
        {"state": "ignored"},
    ):
        listed = walked(services, wanted, limit=50)
        for at, event_id in enumerate(listed):
            found = neighbours_of(services, wanted, event_id)
            assert found.newer == (listed[at - 1] if at else None), wanted
            assert found.older == (listed[at + 1] if at + 1 < len(listed) else None), wanted


@pytest.mark.backends("sqlite")
def test_a_state_is_found_by_its_index_even_where_it_seems_common(
    services: Services, stored: list[dict[str, Any]]
) -> None:
    with services.database.begin() as tx:
        tx.exec_driver_sql("ANALYZE")
        # Of a million events half a million are said to have the same state.
        tx.exec_driver_sql("UPDATE sqlite_stat1 SET stat = '1000000 1 1' WHERE tbl = 'events'")
        state = "tbl = 'events' AND idx = 'ix_events_state_received_at'"
        tx.exec_driver_sql(f"UPDATE sqlite_stat1 SET stat = '1000000 500000 1' WHERE {state}")
        tx.exec_driver_sql("ANALYZE sqlite_master")
    seen: list[tuple[str, Any]] = []
    with services.database.read() as tx:
        note = partial(_note, seen)
        event.listen(tx, "before_cursor_execute", note)
        for state in (EventState.DEAD, EventState.IGNORED, EventState.SUCCEEDED):
            list_events(tx, EventFilter(state=state), before=None, limit=5)
        event.remove(tx, "before_cursor_execute", note)
        plans = [str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()) for sql, given in seen]
    pages = [plan for plan in plans if "page" in plan]
    assert len(pages) == 3
    assert all("USING INDEX ix_events_state_received_at (state=?)" in plan for plan in pages)


def _note(seen: list[tuple[str, Any]], *call: Any) -> None:
    seen.append((call[2], call[3]))
