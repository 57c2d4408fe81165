"""Walking through a list of events one by one: what comes before and after an event within the same filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from app.pipeline.operators.event_search import read_sought, shown_rows
from app.pipeline.operators.events import event_filter
from app.pipeline.services import Services
from app.storage.inbox.events import find_replayable
from app.storage.queue.event_neighbours import find_newer, find_older

CANDIDATES = 20
"""Looked at where texts in the data are looked for: some may hold the text only where it is masked."""


class Neighbours(NamedTuple):
    """The ids of the events beside one, None where nothing near fits."""

    newer: str | None = None
    older: str | None = None


def neighbours_of(services: Services, wanted: Mapping[str, str], event_id: str) -> Neighbours:
    """Return what lies beside an event in the list that a filter makes; raises RequestError for a bad filter."""
    filter_, sought = event_filter(wanted), read_sought(wanted, as_shown=True)
    with services.database.read() as tx:
        here = find_replayable(tx, event_id)
    if here is None:
        return Neighbours()
    place, limit = (here.received_at, here.id), CANDIDATES if sought else 1

    def nearest(find: Callable[..., Sequence[Any]]) -> str | None:
        with services.database.read() as tx:
            rows = find(tx, filter_, sought, place=place, limit=limit)
        kept = rows if sought is None else shown_rows(services, rows, sought)
        return next((str(row.id) for row in kept), None)

    return Neighbours(nearest(find_newer), nearest(find_older))
