"""What is told of each callback in the end: one line of the log, the meters, and a receipt for each of its events.

Every callback passes here once, when its answer is known. Nothing waits here: the meters are in memory, lines and receipts are
written by others a moment later.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import structlog

from app.core.clock import SystemClock
from app.core.errors import CallgateError, UnderPressure
from app.core.values import InboundRequest, Reply
from app.pipeline.channels import channel_path
from app.pipeline.inbound.reasons import reason_word
from app.pipeline.services import Services
from app.security.redaction import redact_text
from app.telemetry.callback_lines import lines
from app.telemetry.logging import SERVICE, SPAN_ID

ACCEPTED, DUPLICATE, SET_UP = "accepted", "duplicate", "set_up"
REFUSED, TURNED_AWAY, FAILED = "refused", "turned_away", "failed"
OUTCOMES = (ACCEPTED, DUPLICATE, SET_UP, REFUSED, TURNED_AWAY, FAILED)
STORED, IGNORED = "stored", "ignored"
UNKNOWN_CHANNEL = "unknown"
SERVER_ERRORS = 500
LONGEST_PATH = 200
MASKED_TEXTS = 1024
MACHINE = SystemClock()
"""Lines of the log have the time of this machine, as all others do."""

log = structlog.get_logger(__name__)


class Delivery(NamedTuple):
    """One callback as it came in; `began` is of time.perf_counter."""

    channel: str
    request: InboundRequest
    trace_id: str
    began: float


class Happened(NamedTuple):
    """What became of one event of a callback; `takers` is False where nothing takes it."""

    event_id: str
    type: str
    is_new: bool
    takers: bool


class Answered(NamedTuple):
    """A platform's answer, and what the callback came to."""

    reply: Reply
    outcome: str = SET_UP
    events: Sequence[Happened] = ()


def tell_answered(services: Services, delivery: Delivery, answered: Answered) -> None:
    """Tell of a callback that was taken, or that asked for nothing to be stored."""
    seconds = time.perf_counter() - delivery.began
    reply = answered.reply
    outcome = FAILED if reply.status >= SERVER_ERRORS and answered.events else answered.outcome
    services.meters.delivery(delivery.channel, outcome, seconds)
    for event in answered.events:
        word = DUPLICATE if not event.is_new else STORED if event.takers else IGNORED
        services.meters.event(delivery.channel, event.type, word)
    if answered.events:
        services.receipts.add(
            [event.event_id for event in answered.events],
            status=reply.status,
            seconds=seconds,
            trace_id=delivery.trace_id,
            answer=reply.body,
        )
    _write_line(delivery, outcome, reply.status, seconds, _facts(answered.events))


def tell_refused(
    services: Services,
    delivery: Delivery,
    error: CallgateError,
    *,
    reply: Reply | None = None,
    why: str | None = None,
) -> None:
    """Tell of a callback that was refused, with the sentence that explains it; `reply` is the platform's own answer."""
    outcome = REFUSED if error.http_status < SERVER_ERRORS else FAILED
    outcome = TURNED_AWAY if isinstance(error, UnderPressure) else outcome
    status = error.http_status if reply is None else reply.status
    facts = {"error": error.code, "reason": reason_word(error)} | ({"why": why} if why else {})
    _tell_not_taken(services, delivery, outcome, status, facts)


def tell_broken(services: Services, delivery: Delivery, error: str, *, status: int) -> None:
    """Tell of a callback that ended otherwise: by a method that no callback has, or by a fault of ours."""
    outcome = REFUSED if status < SERVER_ERRORS else FAILED
    _tell_not_taken(services, delivery, outcome, status, {"error": error, "reason": error})


def _tell_not_taken(
    services: Services, delivery: Delivery, outcome: str, status: int, facts: dict[str, str]
) -> None:
    seconds = time.perf_counter() - delivery.began
    channel = delivery.channel if services.channels.is_configured(delivery.channel) else UNKNOWN_CHANNEL
    services.meters.delivery(channel, outcome, seconds)
    services.meters.rejection(channel, facts["reason"])
    log.warning("callback", **_fields(delivery, outcome, status, seconds), **facts)


def _facts(events: Sequence[Happened]) -> dict[str, Any]:
    if not events:
        return {}
    first = {"type": _masked(events[0].type), "event_id": events[0].event_id}
    return first if len(events) == 1 else first | {"events": len(events)}


def _write_line(delivery: Delivery, outcome: str, status: int, seconds: float, facts: dict[str, Any]) -> None:
    """Write the line of a callback that was not refused."""
    fields = _fields(delivery, outcome, status, seconds)
    fields.update(facts)
    if not lines.are_quick:
        log.info("callback", **fields)
        return
    head: dict[str, Any] = {
        "timestamp": MACHINE.now(),
        "level": "info",
        "service": SERVICE,
        "message": "callback",
    }
    if (span_id := SPAN_ID.get()) is not None:
        head["span_id"] = span_id
    head.update(fields)
    lines.write(head)


def _fields(delivery: Delivery, outcome: str, status: int, seconds: float) -> dict[str, Any]:
    request = delivery.request
    return {
        "trace_id": delivery.trace_id,
        "method": request.method,
        "path": _masked(_shown_path(request.path, delivery.channel)),
        "channel": delivery.channel,
        "outcome": outcome,
        "status": status,
        "duration_ms": round(seconds * 1000, 3),
    }


def _shown_path(path: str, channel: str) -> str:
    """Return a path without what stands behind a channel's name: for some sources that is their secret."""
    own = channel_path(channel)
    return f"{own}/…" if path.startswith(f"{own}/") and path != f"{own}/" else path[:LONGEST_PATH]


@lru_cache(maxsize=MASKED_TEXTS)
def _masked(text: str) -> str:
    """Return a text as a log may hold it; types and paths come again and again."""
    return redact_text(text)
