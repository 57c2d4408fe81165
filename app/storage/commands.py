"""Commands: what a caller asked for, who asked, and the outcome as it is told to them.

A command is an event of its own: it has the event's id, and its payload is in the event's body. How far it is stands in
the event's dispatch until it ends; the outcome is kept here, so that what was told stays what it was.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, String, Table, select

from app.core.states import DispatchState
from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata
from app.storage.queue.dispatches import UNFINISHED, NewDispatch, insert_dispatch_once, list_dispatches
from app.storage.queue.event_states import lock_events, write_states
from app.storage.queue.replays import DueAgain, make_due

commands = Table(
    "commands",
    metadata,
    Column("id", String(32), ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", ExactText(64), nullable=False),
    Column("command", ExactText(128), nullable=False),
    # What a caller names callbackUrl, and the route that tells the outcome there.
    Column("callback_url", ExactText(2000), nullable=False),
    Column("run_route", ExactText(191), nullable=False),
    Column("callback_route", ExactText(191), nullable=False),
    # Set once it ended, with the attempt that ended it; before that its dispatch says where it stands.
    Column("state", String(16)),
    Column("attempt", Integer, nullable=False),
    Column("result", Blob),
    Column("error", ExactText(1000)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
)

MAX_ERROR = 1000


@dataclass(frozen=True, slots=True)
class NewCommand:
    """A command about to be stored with its event; `channel` is the one whose secret signed it."""

    id: str
    channel: str
    command: str
    result_url: str
    run_route: str
    result_route: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How a command ended; `result` is JSON, `error` a sentence for the caller."""

    state: DispatchState
    attempt: int
    result: bytes | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A stored command; `result_state` is where telling the outcome stands, None until there is one."""

    id: str
    channel: str
    command: str
    result_url: str
    state: DispatchState
    result: bytes | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    result_state: DispatchState | None


def insert_command(tx: Connection, new: NewCommand) -> None:
    """Store a command; its event must be there."""
    tx.execute(
        commands.insert().values(
            id=new.id,
            channel=new.channel,
            command=new.command,
            callback_url=new.result_url,
            run_route=new.run_route,
            callback_route=new.result_route,
            attempt=0,
            created_at=new.created_at,
        )
    )


def find_command(tx: Connection, command_id: str) -> Command | None:
    """Return one command and where it stands now."""
    row = tx.execute(select(commands).where(commands.c.id == command_id)).one_or_none()
    if row is None:
        return None
    states = {each.route: each.state for each in list_dispatches(tx, [command_id])}
    return _command(row, states.get(row.run_route), states.get(row.callback_route))


def _command(row: Row[Any], run_state: str | None, result_state: str | None) -> Command:
    return Command(
        id=row.id,
        channel=row.channel,
        command=row.command,
        result_url=row.callback_url,
        state=DispatchState(row.state or run_state or DispatchState.PENDING),
        result=None if row.result is None else bytes(row.result),
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
        result_state=None if result_state is None else DispatchState(result_state),
    )


def finish_command(
    tx: Connection, command_id: str, outcome: CommandOutcome, *, now: datetime, telling: NewDispatch
) -> bool:
    """Write the outcome and let it be told; False, and nothing written, when a later attempt wrote its own already."""
    changed = tx.execute(
        commands.update()
        .where(commands.c.id == command_id, commands.c.attempt <= outcome.attempt)
        .values(
            state=outcome.state.value,
            attempt=outcome.attempt,
            result=outcome.result,
            error=None if outcome.error is None else storable(outcome.error, MAX_ERROR),
            finished_at=now,
        )
    ).rowcount
    if not changed:
        return False
    lock_events(tx, [command_id])
    if not insert_dispatch_once(tx, telling):
        _tell_again(tx, telling)
    write_states(tx, [command_id])
    return True


def empty_commands(tx: Connection, command_ids: Collection[str]) -> None:
    """Take away results and the addresses they went to, as retention does with the bodies of their events."""
    tx.execute(
        commands.update().where(commands.c.id.in_(tuple(command_ids))).values(result=None, callback_url="")
    )


def _tell_again(tx: Connection, telling: NewDispatch) -> None:
    """Make the outcome due to be told anew, with a fresh set of tries; one that waits or runs reads the new outcome by itself."""
    make_due(
        tx,
        [
            DueAgain(each.id, each.state, each.attempt, telling.due_at)
            for each in list_dispatches(tx, [telling.event_id])
            if each.route == telling.route and each.state not in UNFINISHED
        ],
    )
