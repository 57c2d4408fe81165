"""What the watch looks for, and how it is counted: by index, no further back than a window, no more than a bound. Changes nothing.

Each measure answers with what it found now; whether that is new, worse or over is judged in alarms.py.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from app.core.accounts import NoticeSource
from app.core.clock import Clock, SystemClock
from app.core.errors import StoreUnavailable
from app.core.moments import as_text
from app.core.states import AlarmKind
from app.core.visible import one_line
from app.pipeline.forwarding.destinations import route_name
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import account_health
from app.pipeline.tokens.app_tokens import app_token_health
from app.security.far_clocks import FAR_CLOCKS
from app.security.redaction import redact_text
from app.storage.alarms import LONGEST_SUBJECT, list_alarms
from app.storage.database.db import Transaction, database_time, only_by_index
from app.storage.database.free_disk import free_mebibytes, sqlite_folder
from app.storage.destination_states import list_states
from app.storage.inbox.events import count_received, newest_received_at
from app.storage.inbox.rejections import newest_rejection_at, recent_reasons
from app.storage.queue.troubles import Trouble, list_died, list_retrying
from app.storage.queue.waiting import count_unfinished

MOST_COUNTED = 1_000
"""More of one kind are "at least so many": a watch must not be what a database is busy with."""

MOST_LOOKED_THROUGH = 5_000
LONGEST_EXCERPT = 200
NOTHING = "–"
DEATHS_OF = timedelta(hours=1)
LEARNED_WINDOW = timedelta(hours=2)
LEARNED_DAYS = 7
LEAST_DAYS_WITH_TRAFFIC = 5
LEAST_IN_WINDOW = 5
TOKEN_TROUBLES = frozenset({"failing", "renewal_failing", "refused"})
SPEAKER = "callgate-watch"
"""Who the watch is as a sender of messages; its own dead messages are no news to it."""

log = structlog.get_logger(__name__)


class Finding(NamedTuple):
    """What is wrong with one channel, destination or machine; `facts` are what its sentence is made of."""

    kind: AlarmKind
    subject: str
    weight: int
    facts: Mapping[str, Any]


class Found(NamedTuple):
    """All that one look found, and the kinds that could be judged; of clocks only that of this machine."""

    findings: tuple[Finding, ...]
    judged: frozenset[AlarmKind]
    machine: str

    def is_judged(self, kind: AlarmKind, subject: str) -> bool:
        """Say whether what was not found is known not to be there."""
        return kind in self.judged and (kind is not AlarmKind.CLOCK_OFF or subject == self.machine)


def excerpt(text: str | None) -> str:
    """Return the beginning of a text on one line, without what must not leave the gateway."""
    return one_line(redact_text(text or ""))[:LONGEST_EXCERPT]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything. What is outside the gateway can be exchanged by tests."""

    services: Services
    now: datetime
    without_gap_since: datetime
    machine_clock: Clock = field(default_factory=SystemClock)
    machine: str = field(default_factory=lambda: socket.gethostname()[:LONGEST_SUBJECT])
    seconds_ahead: Callable[[], float | None] = FAR_CLOCKS.seconds_ahead


def measure(look: Look) -> Found:
    """Take every measure that is not switched off; one that fails says nothing, and the others go on."""
    findings: list[Finding] = []
    judged = set()
    for kind, measures in _MEASURES.items():
        if kind in look.services.watch.off:
            judged.add(kind)
            continue
        try:
            findings += list(measures(look))
            judged.add(kind)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever one of them meets, the others still have to be seen
            log.warning("watch_cannot_measure", kind=kind.value, error=error.__class__.__name__)
    return Found(tuple(findings), frozenset(judged), look.machine)


@contextmanager
def _reading(look: Look) -> Iterator[Transaction]:
    """Open a transaction that reads by index, however small PostgreSQL takes a table for."""
    with look.services.database.read() as tx:
        only_by_index(tx)
        yield tx


def _failing_channels(look: Look) -> Iterable[Finding]:
    since = look.now - look.services.watch.window
    with _reading(look) as tx:
        troubles = [
            *list_retrying(tx, since, limit=MOST_LOOKED_THROUGH),
            *list_died(tx, since, limit=MOST_LOOKED_THROUGH),
        ]
        refused_at = newest_rejection_at(tx)
        is_refusing = refused_at is not None and refused_at >= since
        by_channel: dict[str, list[Trouble]] = {}
        for trouble in troubles:
            by_channel.setdefault(trouble.channel, []).append(trouble)
        for channel in look.services.channels:
            name, own = channel.name, by_channel.get(channel.name, [])
            reasons = recent_reasons(tx, name, since, limit=MOST_COUNTED) if is_refusing else ()
            if (found := _failing(look, tx, name, reasons, own)) is not None:
                yield found


def _failing(
    look: Look, tx: Transaction, channel: str, reasons: Iterable[str], troubles: list[Trouble]
) -> Finding | None:
    watch = look.services.watch
    counted = Counter(reasons)
    refused, failing = counted.total(), len({trouble.event_id for trouble in troubles})
    bad = refused + failing
    if bad < watch.failing_least:
        return None
    taken = count_received(tx, channel, look.now - watch.window, limit=MOST_COUNTED)
    total = refused + max(taken, failing)
    if bad < watch.failing_share * total:
        return None
    facts = {
        "bad": bad,
        "total": total,
        "minutes": int(watch.window.total_seconds() // 60),
        "refused": refused,
        "reason": excerpt(counted.most_common(1)[0][0]) if counted else "",
        "failing": failing,
        "route": troubles[0].route if troubles else "",
        "error": (excerpt(troubles[0].error) or NOTHING) if troubles else "",
    }
    return Finding(AlarmKind.CHANNEL_FAILING, channel, bad, facts)


def _silent_channels(look: Look) -> Iterable[Finding]:
    with _reading(look) as tx:
        told = {
            alarm.subject: alarm.facts for alarm in list_alarms(tx) if alarm.kind is AlarmKind.CHANNEL_SILENT
        }
        for channel in look.services.channels:
            newest = newest_received_at(tx, channel.name)
            if newest is None:
                continue
            found = _silent(look, tx, channel.name, newest)
            if found is None and told.get(channel.name, {}).get("last") == as_text(newest):
                # The hours in which callbacks are usual have passed, and still none has come.
                found = _silence(look, channel.name, newest, is_learned=True)
            if found is not None:
                yield found


def _silent(look: Look, tx: Transaction, channel: str, newest: datetime) -> Finding | None:
    """Judge a channel that had events; while nobody looked, nothing could have come."""
    watch = look.services.watch
    quiet_since = max(newest, look.without_gap_since)
    wanted = watch.silent_after.get(channel, LEARNED_WINDOW if watch.learn_silence else None)
    if wanted is None or look.now - quiet_since < wanted:
        return None
    is_learned = channel not in watch.silent_after
    if is_learned and not _has_traffic_at_this_time(look, tx, channel):
        return None
    return _silence(look, channel, newest, is_learned=is_learned)


def _silence(look: Look, channel: str, newest: datetime, *, is_learned: bool) -> Finding:
    minutes = int((look.now - newest).total_seconds() // 60)
    facts = {"last": as_text(newest), "minutes": minutes, "is_learned": is_learned}
    return Finding(AlarmKind.CHANNEL_SILENT, channel, minutes, facts)


def _has_traffic_at_this_time(look: Look, tx: Transaction, channel: str) -> bool:
    """Say whether the same hours had events a week ago and on most of the days since; weekends are compared with weekends."""

    def had_some(days_ago: int) -> bool:
        until = look.now - timedelta(days=days_ago)
        since = until - LEARNED_WINDOW
        return count_received(tx, channel, since, until=until, limit=LEAST_IN_WINDOW) >= LEAST_IN_WINDOW

    if not had_some(LEARNED_DAYS):
        return False
    return sum(had_some(days) for days in range(1, LEARNED_DAYS + 1)) >= LEAST_DAYS_WITH_TRAFFIC


def _paused_destinations(look: Look) -> Iterable[Finding]:
    configured = {route.name for route in look.services.destinations}
    with _reading(look) as tx:
        for state in list_states(tx):
            if state.paused_at is None or route_name(state.name) not in configured:
                continue
            waiting = count_unfinished(tx, route_name(state.name), limit=MOST_COUNTED)
            facts = {"waiting": waiting, "reason": excerpt(state.pause_reason)}
            yield Finding(AlarmKind.DESTINATION_PAUSED, state.name, max(1, waiting), facts)


def _dead_letters(look: Look) -> Iterable[Finding]:
    with _reading(look) as tx:
        found = list_died(tx, look.now - DEATHS_OF, limit=MOST_COUNTED)
    dead = [each for each in found if each.scheme != SPEAKER]
    if len(dead) >= look.services.watch.dead_letters:
        facts = {
            "count": len(dead),
            "hours": 1,
            "route": dead[0].route,
            "error": excerpt(dead[0].error) or NOTHING,
        }
        yield Finding(AlarmKind.DEAD_LETTERS, "", len(dead), facts)


def _failing_tokens(look: Look) -> Iterable[Finding]:
    failing = {
        each["channel"]: each for each in app_token_health(look.services) if each["state"] in TOKEN_TROUBLES
    }
    for channel, health in failing.items():
        facts = {
            "state": health["state"],
            "error": excerpt(health["last_error"]),
            "ends": as_text(health["expires_at"]),
        }
        yield Finding(AlarmKind.TOKEN_FAILING, channel, 1, facts)
    for each in look.services.channels:
        # Where the channel has no token of its own its accounts cannot have any, and that was told.
        if each.name not in failing and each.as_capability(NoticeSource) is not None:
            yield from _failing_accounts(look, each.name)


def _failing_accounts(look: Look, channel: str) -> Iterable[Finding]:
    """Count accounts that authorise a channel and whose tokens cannot be renewed, among its first 200."""
    failing = [each for each in account_health(look.services, channel) if each["state"] == "failing"]
    if failing:
        facts = {"state": "failing", "error": excerpt(failing[0]["last_error"]), "ends": None}
        yield Finding(AlarmKind.TOKEN_FAILING, channel, len(failing), facts | {"accounts": len(failing)})


def _disk(look: Look) -> Iterable[Finding]:
    folder, least = sqlite_folder(look.services.database), look.services.watch.least_free_disk_mb
    if folder is not None and (free := free_mebibytes(folder)) < least:
        facts = {"free": free, "least": least}
        yield Finding(AlarmKind.DISK_FULL, "", 1_000 * least // max(1, free), facts)


def _clock(look: Look) -> Iterable[Finding]:
    """Compare this machine's clock with the database server's and with what platforms say."""
    differences = {"platforms": look.seconds_ahead()}
    if not look.services.database.is_sqlite:
        with look.services.database.read() as tx:
            theirs = database_time(tx)
        differences["database"] = (theirs - look.machine_clock.now()).total_seconds()
    known = {who: seconds for who, seconds in differences.items() if seconds is not None}
    if not known:
        return
    who, seconds = max(known.items(), key=lambda item: abs(item[1]))
    if abs(seconds) > look.services.watch.clock_seconds:
        facts = {"seconds": round(abs(seconds)), "is_behind": seconds > 0, "compared_with": who}
        yield Finding(AlarmKind.CLOCK_OFF, look.machine, round(abs(seconds)), facts)


_MEASURES: Mapping[AlarmKind, Callable[[Look], Iterable[Finding]]] = {
    AlarmKind.CHANNEL_FAILING: _failing_channels,
    AlarmKind.CHANNEL_SILENT: _silent_channels,
    AlarmKind.DESTINATION_PAUSED: _paused_destinations,
    AlarmKind.DEAD_LETTERS: _dead_letters,
    AlarmKind.TOKEN_FAILING: _failing_tokens,
    AlarmKind.DISK_FULL: _disk,
    AlarmKind.CLOCK_OFF: _clock,
}
