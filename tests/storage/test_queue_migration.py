"""The migration that gave the queue a table of its own: what waited, ran or had ended comes through whole, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, Table, column, select, table

from app.storage.database import schema
from app.storage.database.db import Database, microseconds
from tests.builders import NOW

BEFORE, AFTER = "0011", "0012"
START = microseconds(NOW)
STATES = {
    # The event's own state of old, and those of its dispatches.
    "waits": ("received", ("pending",)),
    "runs": ("processing", ("running", "succeeded")),
    "failed": ("retrying", ("retrying", "pending")),
    "well": ("succeeded", ("succeeded",)),
    "died": ("dead", ("dead", "pending")),
    "nobody": ("ignored", ()),
}
SETTLED = {"waits": "succeeded", "runs": "succeeded", "failed": "succeeded", "well": "succeeded"}
UNFINISHED = {"pending", "running", "retrying"}


@pytest.fixture
def old(database: Database) -> Iterator[Database]:
    """Return a database as it was before, with an event of each kind."""
    schema.downgrade(database, BEFORE)
    with database.begin() as tx:
        _insert(tx, "events", [_event(name, state) for name, (state, _) in STATES.items()])
        rows = [
            _dispatch(name, n, state) for name, (_, each) in STATES.items() for n, state in enumerate(each)
        ]
        _insert(tx, "dispatches", rows)
        _insert(tx, "attempts", [_attempt(row["id"]) for row in rows if row["attempt"]])
    yield database
    schema.upgrade(database)


def _insert(tx: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    tx.execute(Table(name, MetaData(), autoload_with=tx).insert(), rows)


def _event(name: str, state: str) -> dict[str, Any]:
    return {
        "id": name,
        "channel": "c",
        "platform": "c",
        "type": "t",
        "key": name,
        "state": state,
        "duplicates": 0,
        "received_at": START,
        "remote_addr": "",
        "scheme": "",
        "version": "",
    }


def _dispatch(event_id: str, number: int, state: str) -> dict[str, Any]:
    is_over = state not in UNFINISHED
    return {
        "id": f"{event_id}-{number}",
        "event_id": event_id,
        "route": f"route-{number}",
        "state": state,
        "attempt": 0 if state == "pending" else 2,
        "due_at": None if is_over else START + number,
        # When an ended one had begun stands in its attempts alone.
        "started_at": START - 1 if state in ("running", "retrying") else None,
        "finished_at": START + 5 if is_over else None,
        "trigger": "automatic" if is_over else "manual",
        "result": b"1" if state == "succeeded" else None,
        "order_key": f"key-{number}",
    }


def _attempt(dispatch_id: str) -> dict[str, Any]:
    return {
        "dispatch_id": dispatch_id,
        "number": 1,
        "started_at": START,
        "outcome": "failed",
        "trigger": "automatic",
    }


def stored(database: Database, name: str, *names: str) -> list[tuple[Any, ...]]:
    wanted = table(name, *map(column, names))
    with database.read() as tx:
        rows = tx.execute(select(wanted).order_by(wanted.c[names[0]])).all()
    return [tuple(bytes(each) if isinstance(each, memoryview) else each for each in row) for row in rows]


OLD = (
    "id", "event_id", "route", "state", "attempt", "due_at", "started_at", "finished_at", "trigger", "result",
    "order_key",
)  # fmt: skip
QUEUE = ("id", "event_id", "route", "state", "attempt", "due_at", "started_at", "trigger", "order_key")
ENDED = ("id", "event_id", "route", "state", "attempt", "finished_at", "result", "order_key")


def test_what_waits_or_runs_moves_to_the_queue_and_what_has_ended_stays(old: Database) -> None:
    before = stored(old, "dispatches", *OLD)
    attempts = stored(old, "attempts", "dispatch_id", "number")
    schema.upgrade(old, AFTER)
    expected = [dict(zip(OLD, row, strict=True)) for row in before]
    waiting = [tuple(row[name] for name in QUEUE) for row in expected if row["state"] in UNFINISHED]
    ended = [tuple(row[name] for name in ENDED) for row in expected if row["state"] not in UNFINISHED]
    assert stored(old, "queue", *QUEUE) == waiting
    assert stored(old, "dispatches", *ENDED) == ended
    assert stored(old, "attempts", "dispatch_id", "number") == attempts


def test_events_keep_what_lasts_of_their_states(old: Database) -> None:
    schema.upgrade(old, AFTER)
    found = dict(stored(old, "events", "id", "state"))
    assert found == {name: SETTLED.get(name, state) for name, (state, _) in STATES.items()}


def test_the_way_back_gives_everything_back(old: Database) -> None:
    names = (
        ("events", ("id", "state")),
        ("dispatches", OLD),
        ("attempts", ("dispatch_id", "number", "outcome")),
    )
    before = [stored(old, name, *columns) for name, columns in names]
    schema.upgrade(old, AFTER)
    schema.downgrade(old, BEFORE)
    assert [stored(old, name, *columns) for name, columns in names] == before


def test_what_was_made_due_again_is_one_row_on_the_way_back(old: Database) -> None:
    schema.upgrade(old, AFTER)
    again = {"id": "well-0", "event_id": "well", "route": "route-0", "state": "pending", "attempt": 2}
    with old.begin() as tx:
        _insert(tx, "queue", [again | {"due_at": START, "trigger": "manual", "order_key": "key-0"}])
    schema.downgrade(old, BEFORE)
    (row,) = (row for row in stored(old, "dispatches", *OLD) if row[1] == "well")
    assert dict(zip(OLD, row, strict=True)) == {
        **again, "due_at": START, "started_at": None, "finished_at": None, "trigger": "manual", "result": b"1",
        "order_key": "key-0",
    }  # fmt: skip
