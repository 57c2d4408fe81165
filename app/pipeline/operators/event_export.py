"""Events one after the other with what they said, for programs that take many; bounded in number and bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.core.exact_json import write_json
from app.pipeline.evidence import without_credentials
from app.pipeline.operators.event_search import read_sought
from app.pipeline.operators.events import event_filter, list_events_page
from app.pipeline.operators.pages import decode_cursor
from app.pipeline.services import Services
from app.security.redaction import mask_values
from app.storage.inbox.events import find_events

MOST_EVENTS = 10_000
MOST_BYTES = 67_108_864
PAGE = 200


def event_lines(
    services: Services, wanted: Mapping[str, str], *, cursor: str | None, limit: int
) -> Iterator[bytes]:
    """Return a line of JSON for each event, newest first, read page by page while they are sent.

    An event is as lists show it, with its `data`, null where retention has taken them. Where there are more, the last line
    holds `next_cursor` and nothing else. A bad filter is refused before the first line: RequestError.
    """
    event_filter(wanted)
    read_sought(wanted)
    decode_cursor(cursor)
    return _lines(services, wanted, cursor, limit)


def _lines(services: Services, wanted: Mapping[str, str], cursor: str | None, limit: int) -> Iterator[bytes]:
    left, sent = limit, 0
    while True:
        page = list_events_page(services, wanted, cursor=cursor, limit=min(left, PAGE))
        for line in _written(services, page["items"]):
            sent += len(line)
            yield line
        left -= len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return
        if left <= 0 or sent > MOST_BYTES or page.get("partial", False):
            yield write_json({"next_cursor": cursor}) + b"\n"
            return


def _written(services: Services, items: list[dict[str, Any]]) -> Iterator[bytes]:
    with services.database.read() as tx:
        events = find_events(tx, [item["id"] for item in items])
    for item in items:
        event = events.get(item["id"])
        channel = services.channels.get(item["channel"])
        secrets = channel.secrets if channel is not None else frozenset()
        data = None
        if event is not None and event.raw:
            data = mask_values(without_credentials(channel, event).data, secrets)
        yield write_json(item | {"data": data}) + b"\n"
