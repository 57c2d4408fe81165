"""What needs a person now, and how much there is to do: what the console's first page shows. Reads by index, counts are bounded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from app.core.moments import as_text
from app.pipeline.operators.bindings import tokens_view
from app.pipeline.operators.destinations import list_destinations
from app.pipeline.services import Services
from app.storage.queue.backlog import measure_backlog
from app.storage.queue.event_lists import count_dead_events

MOST_COUNTED = 10_000
FAILING = ("refused", "failing", "renewal_failing")


class Want(NamedTuple):
    """One thing that needs a person: its kind, what it is about, how many there are (`number`), and since when where that is known."""

    kind: str
    about: str = ""
    number: int = 1
    since: datetime | None = None
    detail: str = ""


class Load(NamedTuple):
    """How much there is to do; `is_more` says that counting ended at MOST_COUNTED."""

    waiting: int
    oldest_due_at: datetime | None
    dead: int

    @property
    def is_more(self) -> bool:
        """Whether there are more than were counted."""
        return MOST_COUNTED in (self.waiting, self.dead)


def current_load(services: Services) -> Load:
    """Return how much waits and how much is dead."""
    now = services.clock.now()
    with services.database.read() as tx:
        backlog = measure_backlog(tx, now, count_to=MOST_COUNTED)
        dead = count_dead_events(tx, count_to=MOST_COUNTED)
    return Load(backlog.due, backlog.oldest_due_at, dead)


def what_needs_a_person(services: Services, load: Load) -> list[Want]:
    """Return what an operator should look at, the most pressing first."""
    wants = [Want("under_pressure", each.limit, each.measured) for each in services.runtime.pressure.over]
    wants += [
        Want("destination_paused", each.name, each.waiting, each.since, each.reason)
        for each in list_destinations(services)
        if each.status == "paused"
    ]
    wants += [_token(item) for item in tokens_view(services) if item["state"] in FAILING]
    if load.dead:
        wants.append(Want("dead_letters", number=load.dead))
    wants += [
        Want("channel_begun", each.config.name, detail=each.reason)
        for each in services.channels.disabled
        if each.config.enabled and each.config.set_variables
    ]
    wants += [Want("handler_notice", detail=sentence) for sentence in services.notices]
    return wants


def _token(item: dict[str, Any]) -> Want:
    return Want("token_failing", item["channel"], detail=item.get("last_error") or "")


def load_view(load: Load) -> dict[str, Any]:
    """Return the load as JSON shows it."""
    return {
        "waiting": load.waiting,
        "oldest_due_at": None if load.oldest_due_at is None else as_text(load.oldest_due_at),
        "dead": load.dead,
        "is_more": load.is_more,
    }
