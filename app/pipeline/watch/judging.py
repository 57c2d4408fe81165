"""What a look changes: alarms that begin, get worse or are over. Pure decisions; nothing is read or written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from app.core.states import AlarmKind
from app.core.storable import storable
from app.pipeline.watch.measures import Finding, Found
from app.storage.alarms import LONGEST_SUBJECT, Alarm

WORSE_BY: Final = 10
"""How many times as bad it must be to be told again."""

MOST_ALARMS: Final = 500
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""What nobody could judge for so long is over: a machine that is gone says nothing about its clock any more."""


class Patience(NamedTuple):
    """After how many looks in a row something begins, and after how many without it is over."""

    begins_after: int
    ends_after: int


PATIENCE: Final[Mapping[AlarmKind, Patience]] = {
    AlarmKind.CHANNEL_FAILING: Patience(1, 5),
    AlarmKind.CHANNEL_SILENT: Patience(1, 1),
    AlarmKind.DESTINATION_PAUSED: Patience(1, 1),
    AlarmKind.DEAD_LETTERS: Patience(1, 1),
    AlarmKind.TOKEN_FAILING: Patience(3, 1),
    AlarmKind.DISK_FULL: Patience(1, 5),
    AlarmKind.CLOCK_OFF: Patience(3, 3),
}
"""What is counted over a window changes slowly by itself; a share near its limit, a disk and a clock go up and down."""


class What(StrEnum):
    """What is told of an alarm."""

    BEGINS = "begins"
    WORSE = "worse"
    ENDS = "ends"


class Change(NamedTuple):
    """One thing to tell."""

    what: What
    alarm: Alarm


@dataclass(frozen=True, slots=True)
class Judged:
    """What is kept, what goes without a word, and what is to be told; an alarm that ends is among the changes alone."""

    kept: tuple[Alarm, ...]
    gone: tuple[Alarm, ...]
    changes: tuple[Change, ...]


def judge(before: Sequence[Alarm], found: Found, now: datetime, *, by_message: bool) -> Judged:
    """Compare what was with what is.

    `by_message` says that changes are told by message: then what only the log was told of is told once more.
    """
    known = {(alarm.kind, alarm.subject): alarm for alarm in before}
    kept, gone, changes = [], [], []
    for finding in _bounded(found.findings):
        alarm = _seen(known.pop((finding.kind, finding.subject), None), finding, now)
        kept.append(alarm)
        if (what := _told_of(alarm, by_message=by_message)) is not None:
            changes.append(Change(what, alarm))
    for alarm in known.values():
        after = _missed(alarm, found, now)
        if after is not None:
            kept.append(after)
        elif alarm.told_weight is None:
            gone.append(alarm)
        else:
            changes.append(Change(What.ENDS, alarm))
    return Judged(tuple(kept), tuple(gone), tuple(changes))


def _bounded(findings: Iterable[Finding]) -> list[Finding]:
    return [
        finding._replace(subject=storable(finding.subject, LONGEST_SUBJECT))
        for finding in list(findings)[:MOST_ALARMS]
    ]


def _seen(alarm: Alarm | None, finding: Finding, now: datetime) -> Alarm:
    seen = 1 if alarm is None else alarm.seen + 1
    alarm = alarm or Alarm(finding.kind, finding.subject, 0, 0, 0, {}, now)
    begins = alarm.began_at is None and seen >= PATIENCE[finding.kind].begins_after
    return replace(
        alarm,
        seen=seen,
        missed=0,
        weight=finding.weight,
        facts=finding.facts,
        seen_at=now,
        began_at=now if begins else alarm.began_at,
    )


def _missed(alarm: Alarm, found: Found, now: datetime) -> Alarm | None:
    """Return an alarm that was not found this time, None when it is over."""
    if not found.is_judged(alarm.kind, alarm.subject):
        return None if now - alarm.seen_at > FORGOTTEN_AFTER else alarm
    missed = alarm.missed + 1
    is_over = alarm.began_at is None or missed >= PATIENCE[alarm.kind].ends_after
    return None if is_over else replace(alarm, seen=0, missed=missed)


def _told_of(alarm: Alarm, *, by_message: bool) -> What | None:
    if alarm.began_at is None:
        return None
    if alarm.told_weight is None or (by_message and alarm.told_at is None):
        return What.BEGINS
    return What.WORSE if alarm.weight >= WORSE_BY * max(1, alarm.told_weight) else None


def told(alarms: Iterable[Alarm], changes: Iterable[Change], at: datetime | None) -> list[Alarm]:
    """Return alarms as they are once the changes were told; `at` is when by message, None when in the log alone."""
    named = {(change.alarm.kind, change.alarm.subject) for change in changes}
    return [
        replace(alarm, told_weight=alarm.weight, told_at=at or alarm.told_at)
        if (alarm.kind, alarm.subject) in named
        else alarm
        for alarm in alarms
    ]
