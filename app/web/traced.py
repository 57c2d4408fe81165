"""The trace of a request, and what is told of it once it is answered: method, route and status, never path, query or body.

Attributes are those of OpenTelemetry's stable HTTP conventions (https://opentelemetry.io/docs/specs/semconv/http/, read 2026-11-29).
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, request

from app.core.identifiers import trace_word
from app.core.timed_spans import TimedSpan
from app.core.traces import TRACE, Served, SpanKind, Spans, Trace, begin, enter

FAULT = 500
ROUTES = (("/webhooks/", "/webhooks/<channel>"), ("/wechat/", "/wechat/<channel>"))
CALLBACK_ROUTE = "/api/platform/callback"
NO_ROUTE = ""


def install_traces(app: Flask, spans: Spans | None) -> None:
    """Give every request of the application a trace, and tell of it at the end."""

    @app.before_request
    def _begin() -> None:
        trace = begin(request.headers.get("Traceparent"), trace_word(), spans)
        g.trace_id = trace.trace_id
        enter(trace)

    if spans is None:
        return

    @app.after_request
    def _end(response: Response) -> Response:
        trace = TRACE.get()
        if trace is not None and trace.trace_id == g.get("trace_id"):
            end_request(trace, request.environ, status=response.status_code, route=_route())
        return response


def _route() -> str:
    """Return the pattern of the address; a callback's was answered in front of the application."""
    return NO_ROUTE if request.url_rule is None else request.url_rule.rule


def callback_route(path: str) -> str:
    """Return the pattern of a callback address."""
    return next((route for start, route in ROUTES if path.startswith(start)), CALLBACK_ROUTE)


def end_request(
    trace: Trace, environ: Any, *, status: int, route: str = NO_ROUTE, channel: str | None = None
) -> None:
    """Tell how a request was answered; nothing happens where nobody collects."""
    if trace.spans is None:
        return
    method, scheme = environ["REQUEST_METHOD"], environ["wsgi.url_scheme"]
    route = route or _route_in_front(environ)
    span = TimedSpan(trace, f"{method} {route}".strip(), SpanKind.SERVER, trace.began)
    attributes: dict[str, str | int | bool] = {
        "http.request.method": method,
        "http.response.status_code": status,
        "url.scheme": scheme,
    }
    if route:
        attributes["http.route"] = route
    if channel is not None:
        attributes["callgate.channel"] = channel
    error = str(status) if status >= FAULT else None
    span.end(attributes, error=error)
    trace.spans.count(Served(method, status, span.seconds, scheme, route or None, None, error))


def _route_in_front(environ: Any) -> str:
    path = environ["PATH_INFO"]
    is_callback = path.startswith(("/webhooks/", "/wechat")) or path.endswith("/platform/callback")
    return callback_route(path) if is_callback else NO_ROUTE
