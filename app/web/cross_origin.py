"""Calls from pages of other origins (CORS_ORIGINS): to /api/v1/ with a Bearer token, never with cookies.

Source: Fetch Standard §3.2, CORS protocol (read 2026-11-29). Without Access-Control-Allow-Credentials a browser neither
sends cookies along nor shows an answer that was asked for with them. Nothing changes for a caller of another origin.
"""

from __future__ import annotations

from flask import Flask, Response, request

from app.config.settings import Settings

OPEN_TO_PAGES = "/api/v1/"
METHODS = "GET, POST, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
SHOWN = "Retry-After, Idempotent-Replayed, Content-Disposition"
REMEMBERED_SECONDS = "600"


def install_cross_origin(app: Flask, settings: Settings) -> None:
    """Answer preflights of the origins that may call, and let their pages read the answers; none may unless named."""
    allowed = frozenset(settings.cors_origins)
    if not allowed:
        return

    def caller() -> str | None:
        origin = request.headers.get("Origin")
        return origin if request.path.startswith(OPEN_TO_PAGES) and origin in allowed else None

    @app.before_request
    def _answer_preflight() -> Response | None:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or caller() is None:
            return None
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = HEADERS
        response.headers["Access-Control-Max-Age"] = REMEMBERED_SECONDS
        return response

    @app.after_request
    def _let_read(response: Response) -> Response:
        if request.path.startswith(OPEN_TO_PAGES):
            response.vary.add("Origin")
        origin = caller()
        if origin is not None:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = SHOWN
        return response
