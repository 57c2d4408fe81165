"""Traces (W3C Trace Context): which request or dispatch runs, what caused it, and what is told of it when it is over.

Source: https://www.w3.org/TR/trace-context/ §3.2 (Recommendation of 2021-11-23, read 2026-11-29). A trace goes on where a
caller names one in `traceparent`; `tracestate` is not kept. Who runs something enters its trace; logs and calls to the
outside find it in the context, so no function has to hand it on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from app.core.clock import nanoseconds_now
from app.core.identifiers import span_word

TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]{0,200})?")
HEADER: Final = "traceparent"
VERSION: Final = "00"
NOT_A_VERSION: Final = "ff"
SAMPLED: Final = 1
SPAN_DIGITS: Final = 16
ZEROS: Final = "0" * 32

TRACE_ID: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""The trace of whatever runs; every line of the log written meanwhile carries it."""

SPAN_ID: ContextVar[str | None] = ContextVar("span_id", default=None)
"""The part of it that runs."""

Attributes = Mapping[str, str | int | bool]


class SpanKind(StrEnum):
    """What a span is about, in OpenTelemetry's words."""

    SERVER = "server"
    CLIENT = "client"
    CONSUMER = "consumer"
    INTERNAL = "internal"


class EndedSpan(NamedTuple):
    """Something that is over, with its times in nanoseconds since 1970; `error` is a word, None where it went well."""

    name: str
    kind: SpanKind
    trace: Trace
    began: int
    ended: int
    attributes: Attributes
    error: str | None = None
    links: Sequence[tuple[str, str]] = ()
    """Other spans that it has to do with, by their trace and their own id."""


class Served(NamedTuple):
    """One HTTP exchange as metrics count it; `host` is None for what was asked of us."""

    method: str
    status: int | None
    seconds: float
    scheme: str = "http"
    route: str | None = None
    host: str | None = None
    error: str | None = None


class Spans(Protocol):
    """Where spans go when somebody collects them; nothing here waits or raises."""

    def samples(self, trace_id: str, parent: Trace | None) -> bool:
        """Say whether a trace is collected; `parent` is the caller's span, None where the trace begins here."""

    def start(self) -> None:
        """Begin to send; call this in the process that serves or works, once."""

    def stop(self) -> None:
        """Send what is left, within a few seconds."""

    def end(self, span: EndedSpan) -> None:
        """Take something that is over."""

    def count(self, served: Served) -> None:
        """Count an HTTP exchange."""


class Trace(NamedTuple):
    """One span of a trace: what runs now, and whose part it is."""

    trace_id: str
    span_id: str
    parent_id: str | None = None
    is_sampled: bool = True
    spans: Spans | None = None
    began: int = 0
    """When it began, in nanoseconds since 1970; 0 where nobody collects spans."""

    @property
    def traceparent(self) -> str:
        """The header that tells this to others."""
        return f"{VERSION}-{self.trace_id}-{self.span_id}-{self.is_sampled:02x}"

    def child(self, span_id: str | None = None) -> Trace:
        """Return a part of this one."""
        return Trace(self.trace_id, span_id or span_word(), self.span_id, self.is_sampled, self.spans)


TRACE: ContextVar[Trace | None] = ContextVar("trace", default=None)


def enter(trace: Trace) -> None:
    """Let a trace be what runs from now on, in this thread or task."""
    TRACE.set(trace)
    TRACE_ID.set(trace.trace_id)
    SPAN_ID.set(trace.span_id)


@contextmanager
def entered(trace: Trace) -> Iterator[Trace]:
    """Let a trace be what runs until the end of the block."""
    before = TRACE.set(trace), TRACE_ID.set(trace.trace_id), SPAN_ID.set(trace.span_id)
    try:
        yield trace
    finally:
        TRACE.reset(before[0])
        TRACE_ID.reset(before[1])
        SPAN_ID.reset(before[2])


def current_traceparent() -> str:
    """Return what runs as a header, empty where nothing was entered."""
    trace = TRACE.get()
    return "" if trace is None else trace.traceparent


def parse_traceparent(text: str | None) -> Trace | None:
    """Return the caller's span, None where the header is not there or not valid; a later version is read as far as it is known."""
    match = None if text is None or len(text) > 256 else TRACEPARENT.fullmatch(text)  # noqa: PLR2004
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    is_known = version == VERSION
    if version == NOT_A_VERSION or (is_known and more) or ZEROS in (trace_id, span_id + span_id):
        return None
    return Trace(trace_id, span_id, None, bool(int(flags, 16) & SAMPLED))


def begin(traceparent: str | None, own_id: str, spans: Spans | None) -> Trace:
    """Return the trace of something that was asked for: the caller's, else one whose id is `own_id`.

    The span of the latter is the end of its id, so that it is known wherever the id is.
    """
    parent = parse_traceparent(traceparent)
    trace_id = own_id if parent is None else parent.trace_id
    if spans is None:
        is_sampled, began = parent is None or parent.is_sampled, 0
    else:
        is_sampled, began = spans.samples(trace_id, parent), nanoseconds_now()
    if parent is None:
        return Trace(own_id, own_id[-SPAN_DIGITS:], None, is_sampled, spans, began)
    return Trace(trace_id, span_word(), parent.span_id, is_sampled, spans, began)


def trace_of_stored(event_id: str, traceparent: str, spans: Spans | None) -> Trace:
    """Return the span in which an event was taken; one that keeps none began a trace with its own id."""
    stored = parse_traceparent(traceparent)
    if stored is None:
        return begin(None, event_id, spans)
    return stored._replace(spans=spans)


def span_of_attempt(dispatch_id: str, attempt: int) -> str:
    """Return the span of one attempt: made of its name, so that later attempts know it too."""
    return hashlib.sha256(f"{dispatch_id}:{attempt}".encode()).hexdigest()[:SPAN_DIGITS]
