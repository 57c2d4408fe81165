"""An attempt as a span of its event's trace: known by dispatch and number, and linked to what led to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.core.clock import nanoseconds_now
from app.core.timed_spans import TimedSpan
from app.core.traces import SpanKind, Spans, Trace, entered, span_of_attempt, trace_of_stored
from app.core.values import Event
from app.storage.queue.dispatches import Claim

MOST_LINKS = 32


@dataclass(frozen=True, slots=True)
class TracedAttempt:
    """One attempt that runs; `span` is None where nobody collects."""

    claim: Claim
    event: Event
    cause: Trace
    span: TimedSpan | None

    def tell(self, state: str, error: str | None) -> None:
        """Tell how it left its dispatch, and the kind of what went wrong; it has a link to what stored it and to each earlier try."""
        if self.span is None:
            return
        claim, event = self.claim, self.event
        attributes: dict[str, str | int | bool] = {
            "callgate.route": claim.route,
            "callgate.attempt": claim.attempt,
            "callgate.trigger": claim.trigger,
            "callgate.state": state,
            "callgate.event_id": event.id,
            "callgate.event_type": event.type,
            "callgate.channel": event.channel,
        }
        self.span.end(attributes, error=error, links=self._links())

    def _links(self) -> list[tuple[str, str]]:
        trace_id, claim = self.cause.trace_id, self.claim
        earlier = range(max(1, claim.attempt - MOST_LINKS), claim.attempt)
        spans = [self.cause.span_id, *(span_of_attempt(claim.dispatch_id, number) for number in earlier)]
        return [(trace_id, span_id) for span_id in spans]


@contextmanager
def attempt_traced(spans: Spans | None, claim: Claim, event: Event) -> Iterator[TracedAttempt]:
    """Let an attempt be what runs until the end of the block."""
    cause = trace_of_stored(event.id, event.traceparent, spans)
    with entered(cause.child(span_of_attempt(claim.dispatch_id, claim.attempt))) as trace:
        span = None
        if spans is not None:
            span = TimedSpan(trace, f"run {claim.route}", SpanKind.CONSUMER, nanoseconds_now())
        yield TracedAttempt(claim, event, cause, span)
