"""Retention: what is older than its days is emptied or deleted, in short transactions with pauses between them.

Bodies (and the evidence in rejections) go after RETENTION_BODY_DAYS, events after RETENTION_EVENT_DAYS, audit entries
not before half a year but for those that anybody can cause, nonces when their time is over, followers who are not bound when
their events have gone. Several processes may do this at once: what one has locked the others pass over.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

import structlog

from app.pipeline.services import Services, Tell, tell_nobody
from app.storage.audit import delete_old_anonymous, delete_old_audit
from app.storage.database.db import StoredRow, Transaction
from app.storage.inbox.nonces import delete_expired_nonces
from app.storage.inbox.rejections import delete_old_rejections
from app.storage.messages.paces import forget_whole_paces
from app.storage.pruning.old_events import delete_events, empty_events, list_old_events
from app.storage.pruning.old_followers import forget_followers, list_followers
from app.storage.traffic import delete_old_traffic, fold_into_hours

BATCH = 100
"""Rows in one transaction: few enough that a callback which waits for SQLite's writer does not notice."""
REST = 3.0
"""After each transaction, the pause as a multiple of the time that it took."""
RUN_SECONDS = 4.0
"""The longest that one run of the tidying thread may take."""
TRAFFIC_BY_MINUTE_DAYS = 2
MOST_MINUTES = 500
"""Narrow rows, which nobody writes to any more."""

RUN_EVERY_SECONDS = 600.0
WALK_AGAIN_SECONDS = 86_400.0
AUDIT_LEAST_DAYS = 183
"""Network logs are to be kept for six months at least (Cybersecurity Law of the PRC, article 21)."""

ANONYMOUS_DAYS = 7
"""Refused logins of nobody known: they say nothing about a person, and anybody can cause them."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one run took away; `is_complete` is false when time was up before everything was looked at."""

    bodies: int
    events: int
    rejections: int
    audit_entries: int
    nonces: int
    followers: int
    is_complete: bool


Steps = Iterator[tuple[str, int]]


def prune_when_due(services: Services, *, seconds: float = RUN_SECONDS) -> Pruned | None:
    """Prune for a few seconds, once in ten minutes; a run that was cut short goes on when this is called again."""
    progress = services.runtime.pruning
    if time.monotonic() < progress.next_run:
        return None
    done = _prune(services, until=time.monotonic() + seconds)
    progress.next_run = time.monotonic() + RUN_EVERY_SECONDS if done.is_complete else 0.0
    return done


def prune_all(services: Services, tell: Tell = tell_nobody) -> Pruned:
    """Prune until nothing is left to prune, from the oldest event on; `tell` is called with the number of rows so far."""
    services.runtime.pruning.bodies_done_to = services.runtime.pruning.followers_done_to = None
    services.runtime.pruning.followers_again = 0.0
    return _prune(services, until=None, tell=tell)


def _prune(services: Services, *, until: float | None, tell: Tell = tell_nobody) -> Pruned:
    """Take one step of each kind in turn, so that much of one kind never keeps the others waiting."""
    counts: Counter[str] = Counter()
    kinds = deque(
        (
            _delete_events(services),
            _empty_events(services),
            _delete_small_rows(services),
            _forget_nonces(services),
            _forget_followers(services),
            _fold_traffic(services),
        )
    )
    while kinds and (until is None or time.monotonic() < until):
        began = time.monotonic()
        step = next(kinds[0], None)
        if step is None:
            kinds.popleft()
            continue
        counts[step[0]] += step[1]
        tell(counts.total())
        kinds.rotate(-1)
        time.sleep(REST * (time.monotonic() - began))
    if counts.total():
        log.info("pruned", **counts)
    names = ("bodies", "events", "rejections", "audit_entries", "nonces", "followers")
    return Pruned(**{name: counts[name] for name in names}, is_complete=not kinds)


def _delete_events(services: Services) -> Steps:
    before = _days_ago(services, services.settings.retention_event_days)
    after = None
    while rows := _page(services, before=before, after=after):
        ids = [row.id for row in rows]
        after = (rows[-1].received_at, rows[-1].id)
        yield "events", _change(services, delete_events, ids)


def _empty_events(services: Services) -> Steps:
    """Walk on from where the last run stopped: what is emptied already is not read again each time.

    It begins where deleting ends. What was not finished when it came by is found by the next walk, a day later.
    """
    progress = services.runtime.pruning
    before = _days_ago(services, services.settings.retention_body_days)
    if progress.walk_again <= time.monotonic():
        progress.bodies_done_to, progress.walk_again = None, time.monotonic() + WALK_AGAIN_SECONDS
    deleted = (_days_ago(services, services.settings.retention_event_days), "")
    while rows := _page(services, before=before, after=max(progress.bodies_done_to or deleted, deleted)):
        ids = [row.id for row in rows if not row.is_empty]
        emptied = _change(services, empty_events, ids)
        progress.bodies_done_to = (rows[-1].received_at, rows[-1].id)
        yield "bodies", emptied


def _page(services: Services, *, before: datetime, after: tuple[datetime, str] | None) -> list[StoredRow]:
    with services.database.read() as tx:
        return list(list_old_events(tx, before=before, after=after, limit=BATCH))


def _change(services: Services, change: Callable[[Transaction, Collection[str]], int], ids: list[str]) -> int:
    return services.database.run(lambda tx: change(tx, ids)) if ids else 0


def _delete_small_rows(services: Services) -> Steps:
    bodies_before = _days_ago(services, services.settings.retention_body_days)
    audit_before = _days_ago(services, max(services.settings.retention_event_days, AUDIT_LEAST_DAYS))
    while count := services.database.run(lambda tx: delete_old_rejections(tx, bodies_before, limit=BATCH)):
        yield "rejections", count
    while count := services.database.run(lambda tx: delete_old_audit(tx, audit_before, limit=BATCH)):
        yield "audit_entries", count
    anonymous_before = _days_ago(services, ANONYMOUS_DAYS)
    yield "audit_entries", services.database.run(lambda tx: delete_old_anonymous(tx, anonymous_before))


def _forget_nonces(services: Services) -> Steps:
    """A signed channel leaves one nonce for each event; after ten minutes none of them can pass any more. Paces grow back sooner."""
    while count := services.database.run(
        lambda tx: delete_expired_nonces(tx, services.clock.now(), limit=BATCH)
    ):
        yield "nonces", count
    while services.database.run(lambda tx: forget_whole_paces(tx, services.clock.now(), limit=BATCH)):
        yield "paces", 0


def _forget_followers(services: Services) -> Steps:
    """Walk over everybody once a day, on from where the last run stopped: who is bound stays, so most rows do."""
    progress = services.runtime.pruning
    if time.monotonic() < progress.followers_again:
        return
    before = _days_ago(services, services.settings.retention_event_days)
    while rows := _page_of_followers(services, before):
        silent = [(row.channel, row.open_id) for row in rows if row.is_silent]
        forgotten = sum(
            _forget_channel(services, channel, [open_id for _, open_id in group], before)
            for channel, group in groupby(silent, key=itemgetter(0))
        )
        progress.followers_done_to = (rows[-1].channel, rows[-1].open_id)
        yield "followers", forgotten
    progress.followers_done_to, progress.followers_again = None, time.monotonic() + WALK_AGAIN_SECONDS


def _page_of_followers(services: Services, before: datetime) -> list[StoredRow]:
    done_to = services.runtime.pruning.followers_done_to
    with services.database.read() as tx:
        return list(list_followers(tx, heard_before=before, after=done_to, limit=BATCH))


def _forget_channel(services: Services, channel: str, open_ids: list[str], before: datetime) -> int:
    return services.database.run(lambda tx: forget_followers(tx, channel, open_ids, heard_before=before))


def _fold_traffic(services: Services) -> Steps:
    """Keep traffic by the hour once it is old, and drop it with the oldest events; on from where the last run stopped."""
    progress = services.runtime.pruning
    oldest = _days_ago(services, services.settings.retention_event_days)
    while services.database.run(lambda tx: delete_old_traffic(tx, oldest, limit=BATCH)):
        yield "traffic", 0
    before = _days_ago(services, TRAFFIC_BY_MINUTE_DAYS).replace(minute=0, second=0, microsecond=0)
    since = progress.traffic_folded_to or oldest
    while services.database.run(
        lambda tx: fold_into_hours(tx, since=since, before=before, limit=MOST_MINUTES)
    ):
        yield "traffic", 0
    progress.traffic_folded_to = before


def _days_ago(services: Services, days: int) -> datetime:
    return services.clock.now() - timedelta(days=days)
