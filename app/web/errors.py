"""The only place that turns errors into HTTP: one JSON shape, stable words, a trace id, never a secret."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, jsonify
from werkzeug.exceptions import HTTPException

from app.core.errors import CallgateError
from app.core.traces import Spans
from app.web.error_pages import as_page, wants_page
from app.web.traced import install_traces

WORDS = {
    400: ("bad_request", "The request cannot be understood."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    413: ("body_too_large", "The body is too large."),
    415: ("unsupported_media_type", "Send the body as application/json."),
    429: ("rate_limited", "Too many requests; wait before the next one."),
}

TOO_MANY_REQUESTS = 429

log = structlog.get_logger(__name__)


def install_errors(app: Flask, spans: Spans | None = None) -> None:
    """Give every request a trace and every error its answer."""
    install_traces(app, spans)
    app.register_error_handler(CallgateError, lambda error: _for_reader(answer_callgate_error(error)))
    app.register_error_handler(HTTPException, lambda error: _for_reader(_answer_http_exception(error)))
    app.register_error_handler(Exception, lambda error: _for_reader(_answer_unexpected(error)))


def error_response(status: int, word: str, message: str, *, retry_after: int | None = None) -> Response:
    """Return the one shape every error has."""
    response = jsonify({"error": word, "message": message, "trace_id": trace_id()})
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _for_reader(response: Response) -> Response:
    """Give a person who opened the address in a browser a page instead of JSON."""
    return as_page(response, trace_id()) if wants_page() else response


def trace_id() -> str:
    """Return the id that ties this answer to its log lines."""
    return str(g.get("trace_id", ""))


def answer_callgate_error(error: CallgateError) -> Response:
    """Answer one of our own errors; faults of ours hide their text."""
    if type(error).http_status == 500 and error.http_status == 500:  # noqa: PLR2004
        log.error("request_failed", error=error.code, detail=error.message)
        return error_response(500, error.code, "Something went wrong here; the log has the details.")
    return error_response(error.http_status, error.code, error.message, retry_after=error.retry_after)


def _answer_http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    word, message = WORDS.get(status, ("http_error", error.name))
    response = error_response(status, word, message)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if status == TOO_MANY_REQUESTS:
        response.headers.setdefault("Retry-After", "60")
    return response


def _answer_unexpected(error: Exception) -> Response:
    log.error("request_crashed", error=error.__class__.__name__, exc_info=error)
    return error_response(500, "internal", "Something went wrong here; the log has the details.")
