"""Destination states: what is remembered about each place events are forwarded to, shared by all processes.

A destination without a row has never failed and has no rate; what a state means is decided in pipeline/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, Table, bindparam, inspect, select

from app.core.storable import storable
from app.storage.database.db import ExactText, UtcDateTime, insert_once, metadata, supports_skip_locked

MAX_TEXT = 1000

destination_states = Table(
    "destination_states",
    metadata,
    Column("name", ExactText(96), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("unavailable", Integer, nullable=False),
    Column("open_until", UtcDateTime),
    Column("slot_at", UtcDateTime),
    Column("paused_at", UtcDateTime),
    Column("pause_reason", ExactText(MAX_TEXT)),
    Column("last_failure_at", UtcDateTime),
    Column("last_error", ExactText(MAX_TEXT)),
)


@dataclass(frozen=True, slots=True)
class DestinationState:
    """Where a destination stands.

    `failures` counts every failure in a row, `unavailable` those in a row that say it is down; while `open_until`
    lies ahead nothing is sent; `slot_at` is when the rate's next place is free.
    """

    name: str
    failures: int = 0
    unavailable: int = 0
    open_until: datetime | None = None
    slot_at: datetime | None = None
    paused_at: datetime | None = None
    pause_reason: str | None = None
    last_failure_at: datetime | None = None
    last_error: str | None = None


_BY_NAME = select(destination_states).where(destination_states.c.name == bindparam("of_name"))


def find_state(tx: Connection, name: str) -> DestinationState:
    """Return where a destination stands."""
    row = tx.execute(_BY_NAME, {"of_name": name}).one_or_none()
    return DestinationState(name) if row is None else _state(row)


def lock_state(tx: Connection, name: str) -> DestinationState:
    """Return where a destination stands and keep others from changing it until the transaction ends."""
    query = select(destination_states).where(destination_states.c.name == name)
    if supports_skip_locked(tx):
        query = query.with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        insert_once(tx, destination_states, asdict(DestinationState(name)))
        row = tx.execute(query).one()
    return _state(row)


def write_state(tx: Connection, state: DestinationState) -> None:
    """Write a state that this transaction has locked."""
    values = asdict(state)
    for column in ("pause_reason", "last_error"):
        if values[column] is not None:
            values[column] = storable(values[column], MAX_TEXT)
    tx.execute(destination_states.update().where(destination_states.c.name == state.name).values(**values))


def list_states(tx: Connection) -> Sequence[DestinationState]:
    """Return every destination that has a row."""
    return [_state(row) for row in tx.execute(select(destination_states)).all()]


def list_states_if_there(tx: Connection) -> Sequence[DestinationState]:
    """Return every state, none from a database that has no tables yet."""
    return list_states(tx) if inspect(tx).has_table(destination_states.name) else ()


def _state(row: Row[Any]) -> DestinationState:
    return DestinationState(**row._mapping)
