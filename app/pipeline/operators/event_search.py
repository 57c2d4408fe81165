"""Looking for texts among events: in their names and their data, from the newest on, within a stated time.

Whole ids, keys and subjects are found at once by an index, however old. Everything else is looked for window by window until
the page is full or the time is over; the page then says how far back it looked, and the next one goes on from there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app.core.exact_json import write_json
from app.core.values import Event
from app.pipeline.evidence import without_credentials
from app.pipeline.operators.filters import filter_text
from app.pipeline.services import Services
from app.security.redaction import mask_values, redact_text
from app.storage.database.db import StoredRow
from app.storage.inbox.events import EventFilter, find_events
from app.storage.queue.event_search import (
    Place,
    Sought,
    by_index,
    channels_of_events,
    find_named,
    search_window,
)

SECONDS = 2.0
MOST_WITH_DATA = 20_000
"""Events whose data one page looks through at most."""

FIRST_WINDOW, LARGEST_WINDOW = 500, 50_000
MOST_NAMED = 20
MOST_CHANNELS = 500
LONGEST_DATA = 200
NEWEST: Place = (datetime(9999, 1, 1, tzinfo=UTC), "")
"""Before the first of all."""


class Found(NamedTuple):
    """The events of one page, newest first, where the next one begins, and whether the look ended before the page was full."""

    rows: Sequence[StoredRow]
    end: Place | None
    is_partial: bool = False


def read_sought(wanted: Mapping[str, str], *, as_shown: bool = False) -> Sought | None:
    """Return which texts are looked for, None where none is; `as_shown` in what pages show alone. Raises RequestError."""
    text, key = filter_text("q", wanted.get("q")), filter_text("key", wanted.get("key"), longest=255)
    data = filter_text("data", wanted.get("data"), longest=LONGEST_DATA)
    if text is None and key is None and data is None:
        return None
    return Sought(text, key, () if data is None else _written(data), as_shown)


def must_search(wanted: EventFilter) -> bool:
    """Say whether no single index answers a filter, so that a page of it has to be looked for."""
    return by_index(wanted)[1] != EventFilter()


def search_events(
    services: Services,
    wanted: EventFilter,
    sought: Sought,
    *,
    before: Place | None,
    limit: int,
    seconds: float | None = None,
) -> Found:
    """Return one page of what is looked for, after about `seconds` (SECONDS unless given) whatever was found.

    1. What a name finds at once is on the first page, wherever it lies in time, and on no other.
    2. Windows are looked through until the page is full, nothing is left, or the time is over.
    """
    named = _named(services, wanted, sought, limit)
    if sought.key is not None and named:
        # The key is exact: what holds it was found, and nobody has to walk over everything else.
        return Found(_sorted(named) if before is None else [], None)
    first = named if before is None else []
    room, others = limit - len(first), list[StoredRow]()
    if not room:
        return Found(_sorted(first), NEWEST)
    if _is_one_id(sought, first):
        return Found(first, None)
    walk = _windows(
        services, wanted, sought, before=before, limit=limit, seconds=SECONDS if seconds is None else seconds
    )
    for found, place, is_over in walk:
        others += shown_rows(services, [row for row in found if row not in named], sought)
        if len(others) > room:
            last = others[room - 1]
            return Found(_sorted([*first, *others[:room]]), (last.received_at, last.id))
        if is_over or place is None:
            return Found(_sorted([*first, *others]), place, is_partial=place is not None)
    raise AssertionError("a walk ends with its last window")


def _is_one_id(sought: Sought, found: Sequence[StoredRow]) -> bool:
    """Say whether a whole id was looked for and is found: then no other event is meant."""
    return len(found) == 1 and sought.text == found[0].id


def _windows(
    services: Services,
    wanted: EventFilter,
    sought: Sought,
    *,
    before: Place | None,
    limit: int,
    seconds: float,
) -> Iterator[tuple[Sequence[StoredRow], Place | None, bool]]:
    """Yield what each window holds, where it ended (None: at the end of all), and whether it was the last one to look at.

    Windows grow, but never beyond what is likely to be looked through in the time that is left.
    """
    began, size, seen, place = time.monotonic(), FIRST_WINDOW, 0, before
    while True:
        with services.database.read() as tx:
            found, end = search_window(tx, wanted, sought, before=place, size=size, limit=limit + 1)
        if len(found) > limit:
            place = (found[-1].received_at, found[-1].id)
        else:
            place, seen = end, seen + size
        gone = time.monotonic() - began
        left = MOST_WITH_DATA - seen if sought.data else LARGEST_WINDOW
        yield found, place, left <= 0 or gone > seconds
        affordable = int(max(seen, FIRST_WINDOW) / max(gone, 0.001) * (seconds - gone))
        size = min(size * 2, LARGEST_WINDOW, left, max(FIRST_WINDOW, affordable))


def _named(services: Services, wanted: EventFilter, sought: Sought, limit: int) -> list[StoredRow]:
    if sought.text is None and sought.key is None:
        return []
    with services.database.read() as tx:
        channels = channels_of_events(tx, limit=MOST_CHANNELS)
        rows = list(find_named(tx, wanted, sought, channels, limit=min(limit, MOST_NAMED)))
    return shown_rows(services, rows, sought)


def shown_rows(services: Services, rows: Sequence[StoredRow], sought: Sought) -> list[StoredRow]:
    """Leave out what only what is masked before it is shown would explain: nobody learns a secret by looking for it."""
    if sought.as_shown and sought.text is not None:
        rows = [row for row in rows if _is_named(row, sought.text)]
    if not sought.data or not rows:
        return list(rows)
    with services.database.read() as tx:
        events = find_events(tx, [row.id for row in rows])
    return [row for row in rows if row.id in events and _says(services, events[row.id], sought)]


def _is_named(row: StoredRow, text: str) -> bool:
    """Say whether what pages show of an event's names holds the text; where nothing is masked, the store has judged."""
    names = [str(name) for name in (row.id, row.key, row.type, row.subject) if name]
    shown = [redact_text(name) for name in names]
    return shown == names or any(text.casefold() in name.casefold() for name in shown)


def _says(services: Services, event: Event, sought: Sought) -> bool:
    channel = services.channels.get(event.channel)
    secrets = channel.secrets if channel is not None else frozenset()
    written = write_json(mask_values(without_credentials(channel, event).data, secrets))
    if sought.as_shown:
        written = redact_text(written.decode()).encode()
    return any(part in written for part in sought.data)


def _written(text: str) -> tuple[bytes, ...]:
    """Return how a text may stand in JSON: as it is, and as a part of a JSON text."""
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    return tuple({each.encode(): None for each in (text, quoted)})


def _sorted(rows: Sequence[StoredRow]) -> list[StoredRow]:
    return sorted(rows, key=lambda row: (row.received_at, row.id), reverse=True)
