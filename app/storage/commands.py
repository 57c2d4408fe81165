"""Commands: what a caller asked for, who asked, and the outcome as it is told to them.

A command is an event of its own: it has the event's id, and its payload is in the event's body. How far it is stands in
the event's dispatch until it ends; the outcome is kept here, so that what was told stays what it was.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, String, Table, and_, func, select

from app.core.states import DispatchState, Trigger
from app.core.storable import storable
from app.storage.database.db import Blob, ExactText, UtcDateTime, metadata
from app.storage.queue.dispatches import (
    NewDispatch,
    derive_event_states,
    dispatches,
    insert_dispatch_once,
    lock_events,
)

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
    run, telling = dispatches.alias("run"), dispatches.alias("telling")
    joined = commands.outerjoin(
        run, and_(run.c.event_id == commands.c.id, run.c.route == commands.c.run_route)
    ).outerjoin(
        telling, and_(telling.c.event_id == commands.c.id, telling.c.route == commands.c.callback_route)
    )
    query = select(
        commands,
        func.coalesce(commands.c.state, run.c.state, DispatchState.PENDING.value).label("stands_at"),
        telling.c.state.label("result_state"),
    )
    row = tx.execute(query.select_from(joined).where(commands.c.id == command_id)).one_or_none()
    return None if row is None else _command(row)


def _command(row: Row[tuple[object, ...]]) -> Command:
    return Command(
        id=row.id,
        channel=row.channel,
        command=row.command,
        result_url=row.callback_url,
        state=DispatchState(row.stands_at),
        result=None if row.result is None else bytes(row.result),
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
        result_state=None if row.result_state is None else DispatchState(row.result_state),
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
    if not insert_dispatch_once(tx, telling):
        _tell_again(tx, telling)
    lock_events(tx, [command_id])
    derive_event_states(tx, [command_id])
    return True


def empty_commands(tx: Connection, command_ids: Collection[str]) -> None:
    """Take away results and the addresses they went to, as retention does with the bodies of their events."""
    tx.execute(
        commands.update().where(commands.c.id.in_(tuple(command_ids))).values(result=None, callback_url="")
    )


def _tell_again(tx: Connection, telling: NewDispatch) -> None:
    """Make the outcome due to be told anew, with a fresh set of tries; one that waits or runs reads the new outcome by itself."""
    over = (DispatchState.SUCCEEDED.value, DispatchState.DEAD.value)
    tx.execute(
        dispatches.update()
        .where(
            dispatches.c.event_id == telling.event_id,
            dispatches.c.route == telling.route,
            dispatches.c.state.in_(over),
        )
        .values(
            state=DispatchState.PENDING.value,
            due_at=telling.due_at,
            finished_at=None,
            trigger=Trigger.MANUAL.value,
        )
    )
