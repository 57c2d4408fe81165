"""Parts of what runs, timed where somebody collects spans; where nobody does, beginning one is a look at a variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.clock import nanoseconds_now
from app.core.traces import TRACE, Attributes, EndedSpan, SpanKind, Trace

NO_ATTRIBUTES: Attributes = {}
PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TimedSpan:
    """Something that has begun; whoever began it ends it."""

    trace: Trace
    name: str
    kind: SpanKind
    began: int

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return (nanoseconds_now() - self.began) / PER_SECOND

    def end(
        self,
        attributes: Attributes = NO_ATTRIBUTES,
        *,
        error: str | None = None,
        links: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Tell that it is over."""
        trace = self.trace
        if trace.spans is not None and trace.is_sampled:
            ended = nanoseconds_now()
            trace.spans.end(
                EndedSpan(self.name, self.kind, trace, self.began, ended, attributes, error, links)
            )


def begin_span(name: str, kind: SpanKind = SpanKind.INTERNAL) -> TimedSpan | None:
    """Begin a part of what runs; None where nobody collects."""
    trace = TRACE.get()
    if trace is None or trace.spans is None:
        return None
    return TimedSpan(trace.child(), name, kind, nanoseconds_now())
