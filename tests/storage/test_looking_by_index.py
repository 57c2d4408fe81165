"""What operators look for is found by an index: the databases say how they would do it, with thousands of rows there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from app.core.states import DispatchState, EventState
from app.storage.audit import AuditFilter, list_audit
from app.storage.database.db import Database
from app.storage.inbox.events import EventFilter, events
from app.storage.queue.dispatch_lists import DispatchFilter, list_newest_dispatches
from app.storage.queue.dispatches import dispatches
from app.storage.queue.event_lists import list_events
from app.storage.queue.event_search import Sought, find_named, search_window
from app.storage.queue.live_rows import events_since
from tests.builders import NOW

pytestmark = pytest.mark.backends("sqlite", "postgresql")
COUNT = 2_000
WHOLE = {"sqlite": "SCAN ", "postgresql": "Seq Scan on "}
"""How each database says that it reads all of a table; reading an index in its order is no such thing."""


def fill(database: Database) -> None:
    rows, ended = [], []
    for number in range(COUNT):
        key, at = f"{number:032x}", NOW + timedelta(seconds=number)
        rows.append(
            {
                "id": key, "channel": f"c{number % 5}", "platform": "callback", "type": f"t{number % 50}", "key": f"k{number}",
                "claim": f"k{number}", "subject": f"s{number}", "state": "dead" if number % 500 == 0 else "succeeded",
                "duplicates": 0, "received_at": at, "remote_addr": "", "scheme": "", "version": "v1", "data": b"{}",
            }
        )  # fmt: skip
        ended.append({"id": key, "event_id": key, "route": "crm", "state": "dead" if number % 500 == 0 else "succeeded", "attempt": 1})  # fmt: skip
    with database.begin() as tx:
        tx.execute(events.insert(), rows)
        tx.execute(dispatches.insert(), ended)


@contextmanager
def plans(database: Database, tx: Any) -> Iterator[list[str]]:
    """Ask the database how it does each query of the block; give what it said at the end."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sqlalchemy_event.listen(database.engine, "before_cursor_execute", note)
    said: list[str] = []
    try:
        yield said
    finally:
        sqlalchemy_event.remove(database.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    for statement, parameters in asked:
        if statement.startswith("SELECT"):
            found = tx.exec_driver_sql(explain + statement, parameters).all()
            said += [str(row[-1]).strip() for row in found]


def ask_everything(tx: Any) -> None:
    for wanted in (
        EventFilter(),
        EventFilter(channel="c1"),
        EventFilter(type="t7"),
        EventFilter(subject="s9"),
        EventFilter(state=EventState.DEAD),
        EventFilter(since=NOW + timedelta(seconds=COUNT - 5)),
    ):
        list_events(tx, wanted, before=None, limit=20)
        search_window(tx, wanted, Sought(data=(b"x",)), before=None, size=500, limit=20)
    find_named(tx, EventFilter(), Sought(text="k5"), ["c0", "c1"], limit=20)
    for wanted_dispatches in (
        DispatchFilter(),
        DispatchFilter(state=DispatchState.DEAD),
        DispatchFilter(route="crm"),
        DispatchFilter(channel="c1"),
    ):
        list_newest_dispatches(tx, wanted_dispatches, before="", limit=20)
    for wanted_entries in (AuditFilter(actor="a"), AuditFilter(action="a"), AuditFilter(target="a")):
        list_audit(tx, before=None, limit=20, wanted=wanted_entries)
    events_since(tx, NOW + timedelta(seconds=COUNT), limit=20)


def test_nothing_reads_all_events_or_dispatches(database: Database) -> None:
    fill(database)
    with database.read() as tx:
        if not database.is_sqlite:
            tx.exec_driver_sql("ANALYZE events")
        with plans(database, tx) as said:
            ask_everything(tx)
    assert len(said) > 20
    mark = WHOLE[database.backend]
    whole = [
        line
        for line in said
        if mark in line
        and any(f"{mark}{table}" in line for table in ("events", "dispatches", "audit_entries"))
        and "USING" not in line
    ]
    assert whole == []
    text = "\n".join(said)
    for index in ("ix_events_type_received_at", "ix_events_subject", "ix_dispatches_dead"):
        assert index in text, text
