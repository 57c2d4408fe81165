"""Alarms: what the built-in watch found, how far it was told, and whose turn it is to look; shared by all processes.

A row begins as a suspicion (`began_at` is null) and goes when nothing is found any more. What an alarm means is in pipeline/watch/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, Row, String, Table, select

from app.core.exact_json import read_json, write_json
from app.core.states import AlarmKind
from app.storage.database.db import (
    Blob,
    ExactText,
    UtcDateTime,
    insert_once,
    metadata,
    supports_skip_locked,
)

LONGEST_SUBJECT = 96

alarms = Table(
    "alarms",
    metadata,
    Column("kind", String(32), primary_key=True),
    # The channel, destination or machine it is about.
    Column("subject", ExactText(LONGEST_SUBJECT), primary_key=True),
    Column("seen", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("weight", BigInteger, nullable=False),
    # The weight that was told last, and when; null while nobody was told.
    Column("told_weight", BigInteger),
    Column("told_at", UtcDateTime),
    # What its sentence is made of, as JSON, so that it can be said in any language at any time.
    Column("facts", Blob, nullable=False),
    Column("began_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
)

watch_turns = Table(
    "watch_turns",
    metadata,
    Column("name", String(16), primary_key=True),
    # When somebody took the newest turn, and since when there was one every few minutes.
    Column("taken_at", UtcDateTime, nullable=False),
    Column("without_gap_since", UtcDateTime, nullable=False),
)

THE_WATCH = "watch"
_KINDS = tuple(kind.value for kind in AlarmKind)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, or the suspicion of one.

    `seen` and `missed` count looks in a row that found it and that did not; `weight` says how bad it is.
    """

    kind: AlarmKind
    subject: str
    seen: int
    missed: int
    weight: int
    facts: Mapping[str, Any]
    seen_at: datetime
    began_at: datetime | None = None
    told_weight: int | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to look once; it is lost when somebody takes a later one."""

    taken_at: datetime
    without_gap_since: datetime


def take_turn(tx: Connection, *, now: datetime, before: datetime, gap_before: datetime) -> Turn | None:
    """Take the next turn unless one was taken after `before`; None when it is somebody else's.

    When the last one was taken before `gap_before`, nobody has looked for a while.
    """
    found = _locked_turn(tx)
    if found is None:
        is_ours = insert_once(tx, watch_turns, {"name": THE_WATCH, "taken_at": now, "without_gap_since": now})
        return Turn(now, now) if is_ours else None
    if found.taken_at > before:
        return None
    since = now if found.taken_at < gap_before else found.without_gap_since
    tx.execute(
        watch_turns.update()
        .where(watch_turns.c.name == THE_WATCH)
        .values(taken_at=now, without_gap_since=since)
    )
    return Turn(now, since)


def is_still_ours(tx: Connection, turn: Turn) -> bool:
    """Say whether nobody took a later turn, and let nobody take one until the transaction ends."""
    found = _locked_turn(tx)
    return found is not None and found.taken_at == turn.taken_at


def _locked_turn(tx: Connection) -> Row[Any] | None:
    query = select(watch_turns).where(watch_turns.c.name == THE_WATCH)
    if supports_skip_locked(tx):
        query = query.with_for_update()
    return tx.execute(query).first()


def list_alarms(tx: Connection) -> Sequence[Alarm]:
    """Return every alarm and suspicion, in the order of their kinds and subjects; kinds of a newer version are left alone."""
    rows = tx.execute(
        select(alarms).where(alarms.c.kind.in_(_KINDS)).order_by(alarms.c.kind, alarms.c.subject)
    )
    return [_alarm(row) for row in rows]


def write_alarms(tx: Connection, kept: Iterable[Alarm], gone: Iterable[Alarm]) -> None:
    """Write alarms as they are now and delete those that are over; whoever calls this has the turn."""
    for alarm in gone:
        tx.execute(alarms.delete().where(_is(alarm)))
    for alarm in kept:
        values = _values(alarm)
        if tx.execute(alarms.update().where(_is(alarm)).values(values)).rowcount == 0:
            insert_once(tx, alarms, values | {"kind": alarm.kind.value, "subject": alarm.subject})


def _is(alarm: Alarm) -> Any:
    return (alarms.c.kind == alarm.kind.value) & (alarms.c.subject == alarm.subject)


def _values(alarm: Alarm) -> dict[str, Any]:
    return {
        "seen": alarm.seen,
        "missed": alarm.missed,
        "weight": alarm.weight,
        "told_weight": alarm.told_weight,
        "told_at": alarm.told_at,
        "facts": write_json(dict(alarm.facts)),
        "began_at": alarm.began_at,
        "seen_at": alarm.seen_at,
    }


def _alarm(row: Row[Any]) -> Alarm:
    values = dict(row._mapping)
    values["kind"] = AlarmKind(values["kind"])
    values["facts"] = read_json(values["facts"])
    return Alarm(**values)
