"""Replay: an operator lets stored events run again, one or many. It never passes the check for copies, and is audited.

A replayed dispatch is due again with a fresh set of tries; its attempts go on counting. What runs is left alone.
The words a caller may use are read in pipeline/operators/replay_order.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.core.errors import RefusedError, RequestError
from app.core.identifiers import new_id
from app.core.moments import as_text
from app.core.states import DispatchState, Trigger
from app.core.storable import is_storable
from app.pipeline.dispatch.ordering import order_key
from app.pipeline.inbound.prepare import routes_for
from app.pipeline.operators.events import ID_LENGTH
from app.pipeline.operators.replay_order import MOST_AT_ONCE, STATES, ReplayOrder, filter_as_json
from app.pipeline.router import Route, read_on_dead_name
from app.pipeline.services import Services, Tell, tell_nobody
from app.security.redaction import redact_text
from app.storage.audit import write_audit
from app.storage.database.db import StoredRow, Transaction
from app.storage.inbox.events import EventFilter, find_event, find_replayable
from app.storage.queue.dispatches import NewDispatch, insert_dispatch_once
from app.storage.queue.event_lists import count_events, list_oldest_events
from app.storage.queue.event_states import write_states
from app.storage.queue.replays import DueAgain, list_dispatches_of, lock_whole, make_due

BATCH = 200
SAMPLE = 10
ACTION, STARTED = "events.replayed", "started"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to: events and dispatches made due, and events left alone with the reason why."""

    events: int = 0
    dispatches: int = 0
    running: int = 0
    pruned: int = 0
    nothing_to_run: int = 0
    last_due_at: datetime | None = None

    def plus(self, other: Replayed) -> Replayed:
        """Return both together, the other being the later one."""
        return Replayed(
            self.events + other.events,
            self.dispatches + other.dispatches,
            self.running + other.running,
            self.pruned + other.pruned,
            self.nothing_to_run + other.nothing_to_run,
            other.last_due_at or self.last_due_at,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the counts as answers and audit entries show them."""
        return {
            "events": self.events,
            "dispatches": self.dispatches,
            "running": self.running,
            "pruned": self.pruned,
            "nothing_to_run": self.nothing_to_run,
            "last_due_at": as_text(self.last_due_at),
        }


class _PrunedMeanwhileError(Exception):
    """Retention took a body between the look and the write; the batch is rolled back and looked at again."""


def replay_event(services: Services, event_id: str, order: ReplayOrder) -> Replayed:
    """Let one event run again now; raises RefusedError when there is nothing to run or nothing to run it with.

    1. The event must be there and have its body.
    2. Its dispatches, or those of the routes that match now, become due.
    3. The audit entry is written in the same transaction.
    """

    def work(tx: Transaction) -> Replayed:
        row = _replayable(tx, event_id)
        done = _replay_rows(services, tx, [row], order, start=services.clock.now(), position=0)
        if not done.dispatches and not done.running:
            raise _nothing_to_run(order)
        _audit(services, tx, order, target=event_id, outcome="done", detail=done.as_json())
        return done

    try:
        done = services.database.run(work)
    except _PrunedMeanwhileError:
        raise _body_pruned() from None
    services.runtime.wake()
    log.info("event_replayed", event_id=event_id, actor=order.actor, dispatches=done.dispatches)
    return done


def _body_pruned() -> RefusedError:
    return RefusedError(
        "body_pruned", "Retention has emptied this event; it cannot be replayed.", http_status=409
    )


def _nothing_to_run(order: ReplayOrder) -> RefusedError:
    message = "No route takes this event, so nothing would run."
    if order.route is not None:
        message = "That route neither took this event nor takes it now, so nothing would run."
    return RefusedError("nothing_to_replay", message, http_status=409)


def preview_event(services: Services, event_id: str) -> dict[str, Any]:
    """Look whether one event can be replayed; raises RefusedError when it cannot."""
    with services.database.read() as tx:
        _replayable(tx, event_id)
    return {"count": 1, "sample": [event_id]}


def _replayable(tx: Transaction, event_id: str) -> StoredRow:
    row = find_replayable(tx, event_id) if is_storable(event_id, ID_LENGTH) else None
    if row is None:
        raise RefusedError("unknown_event", "There is no event with this id.", http_status=404)
    if row.is_pruned:
        raise _body_pruned()
    return row


def check_size(services: Services, wanted: EventFilter) -> None:
    """Refuse what one request cannot do soon; raises RequestError that says how many events there are."""
    with services.database.read() as tx:
        count = count_events(tx, wanted)
    if count > MOST_AT_ONCE:
        raise RequestError(
            "too_many_events",
            f"{count} events match and one request replays {MOST_AT_ONCE} at most: narrow the filter, "
            "give a limit, or use `flask events replay`.",
        )


def preview_replay(services: Services, wanted: EventFilter) -> dict[str, Any]:
    """Return how many events a filter finds and the ids of the oldest few; nothing is changed."""
    with services.database.read() as tx:
        count = count_events(tx, wanted)
        rows = list_oldest_events(tx, wanted, after=None, limit=SAMPLE)
    return {"count": count, "sample": [row.id for row in rows]}


def replay_events(
    services: Services,
    wanted: EventFilter,
    order: ReplayOrder,
    *,
    limit: int | None,
    tell: Tell = tell_nobody,
) -> Replayed:
    """Let all events that a filter finds run again, oldest first, spread over time by the rate.

    1. An audit entry says who begins what and why, before anything changes.
    2. Batches are made due, each in a short transaction; the rate moves only their due times.
    3. A second entry says what it came to.
    """
    start = services.clock.now()
    target = f"{limit if limit is not None else 'all'} by filter"
    asked = {"filter": filter_as_json(wanted), "route": order.route, "rate": order.rate, "limit": limit}
    with services.database.begin() as tx:
        _audit(services, tx, order, target=target, outcome=STARTED, detail=asked, at=start)
    done = Replayed()
    for rows in _batches(services, wanted, limit=limit):
        done = done.plus(_replay_batch(services, rows, order, start=start, position=done.events))
        services.runtime.wake()
        tell(done.events)
    with services.database.begin() as tx:
        _audit(services, tx, order, target=target, outcome="done", detail=done.as_json())
    log.info("events_replayed", actor=order.actor, events=done.events, dispatches=done.dispatches)
    return done


def _batches(services: Services, wanted: EventFilter, *, limit: int | None) -> Iterator[Sequence[StoredRow]]:
    """Yield the events that were there at the start, page by page; pages follow time, so that each comes once."""
    end = services.clock.now() + timedelta(microseconds=1)
    until = end if wanted.until is None else min(wanted.until, end)
    after, left = None, limit
    while left is None or left > 0:
        size = BATCH if left is None else min(BATCH, left)
        with services.database.read() as tx:
            rows = list_oldest_events(tx, replace(wanted, until=until), after=after, limit=size)
        if not rows:
            return
        yield rows
        after = (rows[-1].received_at, rows[-1].id)
        left = None if left is None else left - len(rows)


def _replay_batch(
    services: Services, rows: Sequence[StoredRow], order: ReplayOrder, *, start: datetime, position: int
) -> Replayed:
    def work(tx: Transaction) -> Replayed:
        return _replay_rows(services, tx, rows, order, start=start, position=position)

    try:
        return services.database.run(work)
    except _PrunedMeanwhileError:
        fresh = _look_again(services, rows)
        return _replay_batch(services, fresh, order, start=start, position=position)


def _look_again(services: Services, rows: Sequence[StoredRow]) -> list[StoredRow]:
    with services.database.read() as tx:
        found = [find_replayable(tx, row.id) for row in rows]
    return [row for row in found if row is not None]


def _replay_rows(
    services: Services,
    tx: Transaction,
    rows: Sequence[StoredRow],
    order: ReplayOrder,
    *,
    start: datetime,
    position: int,
) -> Replayed:
    """Make due what is to run of these events; the n-th event of a replay is due n / rate seconds after its start."""
    whole = [row for row in rows if not row.is_pruned]
    if lock_whole(tx, [row.id for row in whole]):
        raise _PrunedMeanwhileError
    stored: defaultdict[str, list[StoredRow]] = defaultdict(list)
    for dispatch in list_dispatches_of(tx, [row.id for row in whole]):
        stored[dispatch.event_id].append(dispatch)
    total, changed, again = Replayed(pruned=len(rows) - len(whole)), [], []
    for row in whole:
        due_at = start + timedelta(seconds=(position + total.events) / order.rate if order.rate else 0)
        chosen = chosen_dispatches(stored[row.id], order)
        idle = [item for item in chosen if item.state != DispatchState.RUNNING.value]
        made = 0 if chosen else _add_missing(services, tx, row, stored[row.id], order, due_at=due_at)
        again += [DueAgain(item.id, item.state, item.attempt, due_at) for item in idle]
        count = len(idle) + made
        changed += [row.id] if count else []
        total = total.plus(_counted(count, running=len(chosen) - len(idle), due_at=due_at))
    make_due(tx, again)
    write_states(tx, changed)
    return total


def _counted(count: int, *, running: int, due_at: datetime) -> Replayed:
    if count:
        return Replayed(events=1, dispatches=count, running=running, last_due_at=due_at)
    return Replayed(running=running, nothing_to_run=0 if running else 1)


def chosen_dispatches(stored: Sequence[StoredRow], order: ReplayOrder) -> list[StoredRow]:
    """Return the dispatches of an event that the order means, running ones included.

    What followed from a death ran for that death; it runs again only when it died itself, or when it is named.
    """
    wanted = order.states | {DispatchState.RUNNING.value}
    if order.route is not None:
        return [item for item in stored if item.state in wanted and item.route == order.route]
    return [item for item in stored if item.state in wanted and (_is_dead(item) or not _follows(item))]


def _is_dead(item: StoredRow) -> bool:
    return bool(item.state == DispatchState.DEAD.value)


def _follows(item: StoredRow) -> bool:
    return read_on_dead_name(item.route) is not None


def _add_missing(
    services: Services,
    tx: Transaction,
    row: StoredRow,
    stored: Sequence[StoredRow],
    order: ReplayOrder,
    *,
    due_at: datetime,
) -> int:
    """Add dispatches for the routes that match now: to an event that has none, or for the one route that is asked for."""
    known = {item.route for item in stored}
    if order.states != STATES["all"] or (known and order.route is None) or order.route in known:
        return 0
    new = [item for item in _dispatches_now(services, tx, row, due_at) if order.route in (None, item.route)]
    return sum(insert_dispatch_once(tx, item) for item in new)


def _dispatches_now(
    services: Services, tx: Transaction, row: StoredRow, due_at: datetime
) -> list[NewDispatch]:
    """Return the dispatches that an event would get if it arrived now; its channel may be gone meanwhile.

    Their ids, which decide the order of one key, follow the time when the event did arrive.
    """
    channel, event = services.channels.get(row.channel), find_event(tx, row.id)
    pairs: list[tuple[Route, str | None]]
    if channel is None or event is None:
        routes = services.matching(row.channel, row.platform, row.type, row.version)
        pairs = [(route, None) for route in routes]
    else:
        pairs = [(route, order_key(channel, route, event)) for route in routes_for(services, channel, event)]
    return [
        NewDispatch(
            new_id(row.received_at),
            row.id,
            route.name,
            due_at=due_at,
            order_key=key,
            trigger=Trigger.MANUAL.value,
        )
        for route, key in pairs
    ]


def _audit(
    services: Services,
    tx: Transaction,
    order: ReplayOrder,
    *,
    target: str,
    outcome: str,
    detail: dict[str, Any],
    at: datetime | None = None,
) -> None:
    write_audit(
        tx,
        at=at or services.clock.now(),
        actor=order.actor,
        action=ACTION,
        target=target,
        outcome=outcome,
        trace_id=order.trace_id,
        detail={"reason": redact_text(order.reason)} | detail,
    )
