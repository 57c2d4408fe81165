"""Set-up requests that were answered: noted in memory on the way of a request, written to the store beside it.

So an answer waits for no commit, and a flood writes one row a second for each channel at most. Refused ones are kept with
the other rejections.
"""

from __future__ import annotations

import time

import structlog

from app.core.values import InboundRequest
from app.pipeline.services import NotedChecks, Services
from app.storage.channel_checks import PassedCheck, insert_check

SECONDS_BETWEEN = 1.0
MOST_NOTED = 200
"""Of all channels together, between two writings."""

CHALLENGE = "challenge"
"""A set-up request that is proven as every other is; the others have names."""

log = structlog.get_logger(__name__)


def note_check(
    services: Services, channel: str, request: InboundRequest, *, kind: str, trace_id: str
) -> None:
    """Note that a set-up request was answered; quick, for it runs on the event loop."""
    noted, now = services.runtime.checks, time.monotonic()
    if now - noted.last.get(channel, -SECONDS_BETWEEN) < SECONDS_BETWEEN or len(noted.waiting) >= MOST_NOTED:
        return
    noted.last[channel] = now
    noted.waiting.append(PassedCheck(channel, request.received_at, request.method, kind, trace_id))


def write_noted_checks(services: Services) -> None:
    """Write what was noted; while the store is away it stays noted."""
    waiting = _taken(services.runtime.checks)
    if not waiting:
        return
    try:
        with services.database.begin() as tx:
            for check in waiting:
                insert_check(tx, check)
    except Exception as error:  # noqa: BLE001 - what passed is only shown; nothing may fail for it
        log.warning("checks_not_written", error=error.__class__.__name__)
        services.runtime.checks.waiting.extend(waiting)


def _taken(noted: NotedChecks) -> list[PassedCheck]:
    taken = []
    while noted.waiting:
        try:
            taken.append(noted.waiting.popleft())
        except IndexError:
            # Somebody else writes them at this moment.
            break
    return taken
