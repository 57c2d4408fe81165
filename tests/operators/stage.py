"""What the tests of replay share: a handler that fails until told otherwise, and events that it left dead."""

from __future__ import annotations

from typing import Any

from app.core.errors import PermanentError
from app.core.values import Event
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.replay_order import ReplayOrder
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from app.storage.audit import list_audit
from app.storage.database.db import StoredRow
from app.storage.inbox.events import EventFilter, events
from app.storage.queue.dispatches import dispatches
from app.storage.queue.event_lists import list_events
from tests.builders import envelope, run_stored_claim, signed_callback

ORDER = ReplayOrder(actor="ops", reason="the crm was away")


class Crm:
    """A handler's other side: `error` is what it raises; `seen` are the keys that got through."""

    def __init__(self, error: Exception | None = None):
        self.error = error
        self.seen: list[str] = []
        self.attempts: list[int] = []

    def handle(self, event: Event, context: Context) -> str:
        self.attempts.append(context.attempt)
        if self.error is not None:
            raise self.error
        self.seen.append(event.key)
        return event.key

    def router(self, **options: Any) -> Router:
        router = Router()
        router.on("callback", name="crm", **options)(self.handle)
        return router


def away() -> Crm:
    """Return a CRM that refuses everything for good, so that events are dead after one attempt."""
    return Crm(PermanentError("the crm is away"))


def deliver(services: Services, key: str = "evt_1", **changes: Any) -> int:
    request = signed_callback(envelope(key, **changes), received_at=services.clock.now())
    return receive(services, "callback", request, trace_id="").status


def accept(services: Services, key: str = "evt_1", **changes: Any) -> str:
    """Deliver an event and return its id."""
    deliver(services, key, **changes)
    with services.database.read() as tx:
        rows = list_events(tx, EventFilter(text=key), before=None, limit=1)
    return str(rows[0].id)


def run_due(services: Services) -> int:
    """Run what is due, once; return how many dispatches that was."""
    claims = claim_work(services, limit=1000)
    for claim in claims:
        run_stored_claim(services, claim)
    return len(claims)


def dead_event(services: Services, key: str = "evt_1", **changes: Any) -> str:
    event_id = accept(services, key, **changes)
    run_due(services)
    assert detail_of(services, event_id)["state"] == "dead"
    return event_id


def many_dead(services: Services, count: int) -> None:
    """Leave many events dead at once: the first one by itself, the others as copies of its rows."""
    first = dead_event(services, "evt_0")
    others = range(1, count)
    with services.database.begin() as tx:
        row = tx.execute(events.select().where(events.c.id == first)).one()
        own = {n: {"id": _later(first, n), "key": f"evt_{n}", "claim": f"evt_{n}"} for n in others}
        tx.execute(events.insert(), [{**row._mapping, **own[n]} for n in others])
        row = tx.execute(dispatches.select()).one()
        copies = [{**row._mapping, "id": _later(row.id, n), "event_id": own[n]["id"]} for n in others]
        tx.execute(dispatches.insert(), copies)


def _later(identifier: str, number: int) -> str:
    """Return an identifier that sorts behind another one."""
    return f"{int(identifier, 16) + number:032x}"


def detail_of(services: Services, event_id: str) -> dict[str, Any]:
    detail = event_detail(services, event_id)
    assert detail is not None
    return detail


def attempts_of(services: Services, event_id: str) -> list[tuple[int, str, str]]:
    (dispatch,) = detail_of(services, event_id)["dispatches"]
    return [(item["number"], item["outcome"], item["trigger"]) for item in dispatch["attempts"]]


def count_events(services: Services) -> int:
    return len(list_events_page(services, {}, cursor=None, limit=200)["items"])


def audited(services: Services) -> list[StoredRow]:
    """Return the audit entries of replays, oldest first."""
    with services.database.read() as tx:
        rows = list_audit(tx, before=None, limit=100)
    return [row for row in reversed(rows) if row.action == "events.replayed"]


def empty_body(services: Services, event_id: str) -> None:
    """Take an event's body away as retention does."""
    with services.database.begin() as tx:
        tx.exec_driver_sql(
            f"UPDATE events SET body = NULL, data = NULL, headers = NULL WHERE id = '{event_id}'"
        )
