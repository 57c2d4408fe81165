"""The callback addresses (CONTRACT §5), answered in front of Flask: what is proven and stored needs nothing of it.

Making Flask's request, its contexts and its response costs as much as proving and storing an event, so they are made
for refusals only, which are then answered as everywhere else. Why: docs/decisions/0017-callbacks-before-flask.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Flask, g
from werkzeug.exceptions import MethodNotAllowed

from app.config.settings import Settings
from app.core.identifiers import trace_word
from app.core.values import Reply
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.telemetry.logging import TRACE_ID
from app.web.callbacks.reading import Environ, is_secure, read_delivery

METHODS = ("GET", "POST")
WEBHOOKS, WECHAT, API, CALLBACK = "/webhooks/", "/wechat", "/api/", "/platform/callback"
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

StartResponse = Callable[..., Any]


class Target(NamedTuple):
    """Which channel an address means, and the interface version where it is a part of the address."""

    channel: str
    version: str | None = None


def callback_target(settings: Settings, path: str) -> Target | None:
    """Return what a path means as a callback address, None for every other path."""
    if path.startswith(WEBHOOKS):
        return _named(path[len(WEBHOOKS) :])
    if path == WECHAT:
        return Target(settings.wechat_default_channel)
    if path.startswith(f"{WECHAT}/"):
        return _named(path[len(WECHAT) + 1 :])
    if path.startswith(API) and path.endswith(CALLBACK):
        version = path[len(API) : -len(CALLBACK)]
        if path == f"/api{CALLBACK}":
            return Target(settings.callback_default_channel)
        return None if "/" in version else Target(settings.callback_default_channel, version)
    return None


def _named(name: str) -> Target | None:
    return Target(name) if name and "/" not in name else None


class Callbacks:
    """A WSGI application that takes callbacks and hands everything else to the one behind it."""

    def __init__(self, app: Flask, services: Services):
        self._app = app
        self._behind = app.wsgi_app
        self._services = services
        self._needs_https = services.settings.https_is_forced

    def __call__(self, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        target = callback_target(self._services.settings, environ["PATH_INFO"])
        if target is None or not self._may_come_in(environ):
            return self._behind(environ, start_response)
        trace_id = trace_word()
        TRACE_ID.set(trace_id)
        try:
            reply = self._take(environ, target, trace_id)
        except Exception as error:  # noqa: BLE001 - the error handlers of the application answer it
            return self._refuse(environ, start_response, error, trace_id)
        headers = [
            ("Content-Type", reply.content_type),
            ("Content-Length", str(len(reply.body))),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Trace-Id", trace_id),
        ]
        start_response(STATUS_LINES[reply.status], headers)
        return [reply.body]

    def _may_come_in(self, environ: Environ) -> bool:
        """Say whether plain http is good enough; where it is not, the application behind refuses or redirects."""
        return not self._needs_https or is_secure(environ, self._services.settings.trusted_proxies)

    def _take(self, environ: Environ, target: Target, trace_id: str) -> Reply:
        if environ["REQUEST_METHOD"] not in METHODS:
            raise MethodNotAllowed(valid_methods=METHODS)
        request = read_delivery(
            self._services, environ, target.channel, trace_id=trace_id, version=target.version
        )
        return receive(self._services, target.channel, request, trace_id=trace_id)

    def _refuse(
        self, environ: Any, start_response: StartResponse, error: Exception, trace_id: str
    ) -> Iterable[bytes]:
        app = self._app
        with app.request_context(environ):
            g.trace_id = trace_id
            response = app.finalize_request(app.handle_user_exception(error), from_error_handler=True)
            return response(environ, start_response)
