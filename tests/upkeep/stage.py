"""What the tests of retention share: rows of a given age, put straight into the tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.core.identifiers import new_id
from app.core.states import AttemptOutcome, DispatchState, EventState
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.inbox.events import events, find_event_row
from app.storage.inbox.rejections import NewRejection, insert_rejection
from app.storage.queue.dispatches import UNFINISHED, attempts, dispatches, queue
from tests.builders import NOW


def old_event(
    services: Services,
    days: float,
    *,
    state: EventState = EventState.SUCCEEDED,
    dispatch_states: tuple[DispatchState, ...] = (DispatchState.SUCCEEDED,),
) -> str:
    """Store an event received that many days ago, with a dispatch and an attempt for each of the states."""
    at = NOW - timedelta(days=days)
    event_id = new_id(at)
    with services.database.begin() as tx:
        tx.execute(events.insert().values(**_event(event_id, at, state)))
        for number, dispatch_state in enumerate(dispatch_states):
            dispatch_id = new_id(at)
            of_either = {"id": dispatch_id, "event_id": event_id, "route": f"route-{number}", "attempt": 1}
            if dispatch_state in UNFINISHED:
                tx.execute(queue.insert().values(**of_either, **_waiting(at, dispatch_state)))
            else:
                tx.execute(dispatches.insert().values(**of_either, **_ended(at, dispatch_state)))
            tx.execute(attempts.insert().values(**_attempt(dispatch_id, at)))
    return event_id


def _event(event_id: str, at: datetime, state: EventState) -> dict[str, Any]:
    return {
        "id": event_id,
        "channel": "callback",
        "platform": "callback",
        "type": "user_authorized",
        "key": event_id,
        "claim": event_id,
        "state": state.value,
        "duplicates": 0,
        "received_at": at,
        "remote_addr": "203.0.113.7",
        "scheme": "body",
        "version": "v1",
        "query_string": b"a=1",
        "headers": b'[["Content-Type","application/json"]]',
        "body": b'{"data":1}',
        "data": b'{"data":1}',
    }


def _waiting(at: datetime, state: DispatchState) -> dict[str, Any]:
    due_at = NOW + timedelta(hours=1)
    return {"state": state.value, "due_at": due_at, "started_at": at, "trigger": "automatic"}


def _ended(at: datetime, state: DispatchState) -> dict[str, Any]:
    return {"state": state.value, "finished_at": at, "result": b'"done"'}


def _attempt(dispatch_id: str, at: datetime) -> dict[str, Any]:
    outcome = AttemptOutcome.SUCCEEDED.value
    return {
        "dispatch_id": dispatch_id,
        "number": 1,
        "started_at": at,
        "duration_ms": 5,
        "outcome": outcome,
        "trigger": "automatic",
    }


def old_rejection(services: Services, days: float) -> None:
    at = NOW - timedelta(days=days)
    refused = NewRejection(
        "callback",
        401,
        "bad_signature",
        "bad signature",
        "POST",
        "/webhooks/callback",
        "203.0.113.7",
        at,
        (),
        b"{}",
        "",
    )
    with services.database.begin() as tx:
        insert_rejection(tx, refused)


def old_audit(services: Services, days: float) -> None:
    with services.database.begin() as tx:
        write_audit(tx, at=NOW - timedelta(days=days), actor="ops", action="login", target=f"{days}")


def is_there(services: Services, event_id: str) -> bool:
    with services.database.read() as tx:
        return find_event_row(tx, event_id) is not None


def has_body(services: Services, event_id: str) -> bool:
    with services.database.read() as tx:
        row = find_event_row(tx, event_id)
    assert row is not None
    return row.body is not None


def count(services: Services, table: Any) -> int:
    with services.database.read() as tx:
        return len(tx.execute(table.select()).all())
