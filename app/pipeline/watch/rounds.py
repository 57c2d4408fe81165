"""Looking once a minute, one process for all: whose turn it is, what has changed since, and that it is told exactly once.

What was told is written in the transaction that stores the message, so a process that dies in between leaves both undone
and the next look does both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from app.core.errors import RequestError
from app.pipeline.services import Services
from app.pipeline.watch.judging import Change, Judged, What, judge, told
from app.pipeline.watch.measures import Found, Look, measure
from app.pipeline.watch.speaking import speaks, tell
from app.pipeline.watch.words import headline, over
from app.storage.alarms import Turn, is_still_ours, list_alarms, take_turn, write_alarms
from app.storage.database.db import Transaction

EVERY_SECONDS = 60.0
A_TURN = timedelta(seconds=EVERY_SECONDS * 0.9)
A_GAP = timedelta(minutes=5)
"""When nobody looked for so long the gateway was down, and silence before that is no channel's."""

LOGGED = {What.BEGINS: "alarm_begins", What.WORSE: "alarm_worse", What.ENDS: "alarm_ends"}

log = structlog.get_logger(__name__)

MakeLook = Callable[[Services, Turn], Look]


def _look_of(services: Services, turn: Turn) -> Look:
    return Look(services, turn.taken_at, turn.without_gap_since)


class Watch:
    """One process's part in the watch."""

    def __init__(self, services: Services, *, look: MakeLook = _look_of):
        self._services = services
        self._look = look
        self._next = time.monotonic() + EVERY_SECONDS

    def look_when_due(self) -> None:
        """Look, once a minute at most; a process that has just begun waits for a minute first."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_SECONDS
            self.look()

    def look(self) -> bool:
        """Look at everything and tell what has changed; False when it is another process's turn.

        1. Take the turn; whoever comes within the same minute leaves it at that.
        2. Measure, outside of any transaction that writes.
        3. Note and tell what has changed, unless somebody took a later turn meanwhile.
        """
        services = self._services
        now = services.clock.now()
        turn = services.database.run(
            lambda tx: take_turn(tx, now=now, before=now - A_TURN, gap_before=now - A_GAP)
        )
        if turn is None:
            return False
        found = measure(self._look(services, turn))
        changes = services.database.run(lambda tx: _note(services, tx, turn, found))
        _log(changes)
        services.runtime.wake()
        return True


def _note(services: Services, tx: Transaction, turn: Turn, found: Found) -> tuple[Change, ...]:
    """Write what changes and store the message about it; return what was told."""
    if not is_still_ours(tx, turn):
        return ()
    now, by_message = turn.taken_at, speaks(services.watch)
    judged = judge(list_alarms(tx), found, now, by_message=by_message)
    if by_message and judged.changes and not _is_told(services, tx, judged, now):
        write_alarms(tx, judged.kept, judged.gone)
        return ()
    ended = [change.alarm for change in judged.changes if change.what is What.ENDS]
    kept = told(judged.kept, judged.changes, now if by_message else None)
    write_alarms(tx, kept, (*judged.gone, *ended))
    return judged.changes


def _is_told(services: Services, tx: Transaction, judged: Judged, now: datetime) -> bool:
    try:
        tell(services, tx, judged.changes, now)
    except RequestError as error:
        # Nothing was written: it was judged first. What is not told stays to be told with the next look.
        log.warning("watch_cannot_speak", error=error.code, detail=error.message, changes=len(judged.changes))
        return False
    return True


def _log(changes: Iterable[Change]) -> None:
    for what, alarm in changes:
        sentence = over(alarm, "en") if what is What.ENDS else headline(alarm, "en")
        log.warning(LOGGED[what], kind=alarm.kind.value, subject=alarm.subject, detail=sentence)
