"""What a call to the outside has to do with a trace: the header it may carry, and what is told of it when it is over.

Platforms get no header of ours unless their channel says so: a trace id tells a third party which of its callbacks caused
which call, and some refuse what they do not know. Neither path nor query is told: both may hold secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from app.core.timed_spans import TimedSpan, begin_span
from app.core.traces import HEADER, TRACE, Served, SpanKind

DEFAULT_PORTS = {"http": 80, "https": 443}
FAILED = 400
OTHER = "other"
"""Stands for hosts that a caller named: nobody knows how many there are."""


class TracedCall:
    """One call, begun when this is made."""

    def __init__(self, method: str, url: str, *, is_known: bool) -> None:
        self._span = begin_span(method, SpanKind.CLIENT)
        self._method = method
        self._url = url
        self._is_known = is_known

    def headers(self, *, are_told: bool) -> Mapping[str, str]:
        """Return the header that names this call as the cause; none where it is not told or nothing is traced."""
        trace = TRACE.get() if self._span is None else self._span.trace
        return {HEADER: trace.traceparent} if are_told and trace is not None else {}

    def end(self, *, status: int | None = None, error: str | None = None) -> None:
        """Tell how it ended: by the status of its answer, or by the word of its failure."""
        if self._span is not None:
            self._tell(self._span, urlsplit(self._url), status, error)

    def _tell(self, span: TimedSpan, target: SplitResult, status: int | None, error: str | None) -> None:
        host, scheme = target.hostname or "", target.scheme
        if error is None and status is not None and status >= FAILED:
            error = str(status)
        port = target.port or DEFAULT_PORTS.get(scheme, 0)
        attributes: dict[str, str | int | bool] = {
            "http.request.method": self._method,
            "server.address": host,
            "server.port": port,
            "url.scheme": scheme,
        }
        if status is not None:
            attributes["http.response.status_code"] = status
        span.end(attributes, error=error)
        if span.trace.spans is not None:
            counted = host if self._is_known else OTHER
            served = Served(self._method, status, span.seconds, scheme, None, f"{counted}:{port}", error)
            span.trace.spans.count(served)
