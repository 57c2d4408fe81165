"""The callback addresses (CONTRACT §5), answered in front of Flask: what is proven and stored needs nothing of it.

Making Flask's request, its contexts and its response costs as much as proving and storing an event, so they are made
for refusals only, which are then answered as everywhere else. Why: docs/decisions/0017-callbacks-before-flask.md.
This is the way under any WSGI server; under `flask serve` loop_front.py stands in front and shares what is here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

import structlog
from flask import Flask, g
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.config.settings import Settings
from app.core.address_ports import SubAddresses
from app.core.errors import CallgateError, RefusedError
from app.core.identifiers import new_id, trace_word
from app.core.ports import WebhookSource
from app.core.traces import TRACE, Trace, begin, enter
from app.core.values import InboundRequest, Reply, json_reply
from app.pipeline.inbound.prepare import admit
from app.pipeline.inbound.receive import receive, refuse
from app.pipeline.inbound.telling import Delivery, tell_broken
from app.pipeline.operators.doctor.probe import BESIDE_CALLBACKS
from app.pipeline.services import Services
from app.pipeline.upkeep.measures import Measures
from app.pipeline.upkeep.shared_copies import renew_old_copies
from app.web.callbacks.banned import Turned, banned_answer, renew_old_bans
from app.web.callbacks.header_bounds import check_environ
from app.web.callbacks.reading import Environ, inbound_request, is_secure, read_body
from app.web.callbacks.relay_hosts import RelayHosts
from app.web.traced import end_request

METHODS = ("GET", "POST")
"""What a channel may send without saying so; a described source may name HEAD, OPTIONS and PUT too."""

WEBHOOKS, WECHAT, API, CALLBACK = "/webhooks/", "/wechat", "/api/", "/platform/callback"
METHOD_NOT_ALLOWED, INTERNAL = "method_not_allowed", "internal"
SERVER_ERROR = 500
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

StartResponse = Callable[..., Any]

log = structlog.get_logger(__name__)


class Target(NamedTuple):
    """Which channel an address means, and the interface version where it is a part of the address."""

    channel: str
    version: str | None = None


class Refusal(NamedTuple):
    """A delivery that was not taken, and why; `request` has no body where its head was enough."""

    target: Target
    request: InboundRequest
    error: Exception
    trace_id: str
    began: float
    """When its head was there, by time.perf_counter."""

    @property
    def delivery(self) -> Delivery:
        """The delivery as the pipeline tells of it."""
        return Delivery(self.target.channel, self.request, self.trace_id, self.began)


def callback_target(settings: Settings, path: str) -> Target | None:
    """Return what a path means as a callback address, None for every other path.

    One slash at the end changes nothing: no platform's signature here covers the path, and consoles and proxies add it.
    """
    path = path.removesuffix("/")
    if path.startswith(WEBHOOKS):
        return _named(path[len(WEBHOOKS) :]) if path != BESIDE_CALLBACKS else None
    if path == WECHAT:
        return Target(settings.wechat_default_channel)
    if path.startswith(f"{WECHAT}/"):
        return _named(path[len(WECHAT) + 1 :])
    if path.startswith(API) and path.endswith(CALLBACK):
        version = path[len(API) : -len(CALLBACK)]
        if path == f"/api{CALLBACK}":
            return Target(settings.callback_default_channel)
        return None if not version or "/" in version else Target(settings.callback_default_channel, version)
    return None


def _named(name: str) -> Target | None:
    return Target(name) if name and "/" not in name else None


def turned_away(services: Services, environ: Environ) -> Turned | None:
    """Return the answer to a request with too many or too large headers, or of a banned address; None for every other.

    It is made without Flask, which would read the headers for language, cookies and wishes.
    """
    try:
        check_environ(environ)
    except RefusedError as error:
        trace_id = trace_word()
        log.warning("request_refused", error=error.code, reason=error.message, trace_id=trace_id)
        content = {"error": error.code, "message": error.message, "trace_id": trace_id}
        return Turned(json_reply(error.http_status, content), trace_id)
    return banned_answer(services, environ)


class Callbacks:
    """A WSGI application that takes callbacks and hands everything else to the one behind it."""

    def __init__(self, app: Flask, services: Services, measures: Measures | None = None):
        self._app = app
        self._measures = measures
        self._behind = app.wsgi_app
        self._services = services
        self.relay_hosts = RelayHosts(services.channels)
        self._needs_https = services.settings.https_is_forced

    def __call__(self, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; one with too many or too large headers, or of a banned address, before anything looks at it."""
        renew_old_bans(self._services)
        if self._measures is not None:
            self._measures.write_when_idle()
        renew_old_copies(self._services)
        if (turned := turned_away(self._services, environ)) is not None:
            return send_reply(start_response, turned.reply, turned.trace_id, turned.headers)
        self.relay_hosts.lead(environ)
        target = self.target_of(environ)
        if target is None:
            return self._behind(environ, start_response)
        trace_id, began = self.begin_trace(environ).trace_id, time.perf_counter()
        try:
            reply = self._take(environ, target, trace_id, began)
        except Exception as error:  # noqa: BLE001 - the error handlers of the application answer it
            request = self.request_of(environ, target)
            self._tell_of_others(Delivery(target.channel, request, trace_id, began), error)
            return self.answer_error(environ, start_response, error=error, trace_id=trace_id)
        self.end_trace(environ, target, reply.status)
        return send_reply(start_response, reply, trace_id)

    def begin_trace(self, environ: Environ) -> Trace:
        """Begin the trace of a callback, or go on with its sender's; its own one is the id of the event that comes of it."""
        services = self._services
        trace = begin(environ.get("HTTP_TRACEPARENT"), new_id(services.clock.now()), services.spans)
        enter(trace)
        return trace

    def end_trace(self, environ: Environ, target: Target, status: int) -> None:
        """Tell how a callback was answered, where somebody collects; what Flask answers it tells itself."""
        trace = TRACE.get()
        if trace is not None and trace.spans is not None:
            name = target.channel if self._services.channels.get(target.channel) is not None else None
            end_request(trace, environ, status=status, channel=name)

    def target_of(self, environ: Environ) -> Target | None:
        """Return which channel a request is for; None where the application behind answers.

        That is every other address, and plain http where https is forced, which it refuses or redirects.
        """
        settings = self._services.settings
        target = callback_target(settings, environ["PATH_INFO"]) or _with_more_path(
            self._services, environ["PATH_INFO"]
        )
        if target is None or not self._needs_https or is_secure(environ, settings.trusted_proxies):
            return target
        return None

    def _take(self, environ: Environ, target: Target, trace_id: str, began: float) -> Reply:
        services, name = self._services, target.channel
        try:
            body = read_body(environ, admitted(services, name, environ["REQUEST_METHOD"]))
        except CallgateError as error:
            request = self.request_of(environ, target)
            return refuse(services, Delivery(name, request, trace_id, began), error)
        request = self.request_of(environ, target, body)
        return receive(services, name, request, trace_id=trace_id, began=began)

    def _tell_of_others(self, delivery: Delivery, error: Exception) -> None:
        """Tell of what is no refusal of the pipeline, which tells of its own."""
        if not isinstance(error, CallgateError):
            status = (error.code if isinstance(error, HTTPException) else None) or SERVER_ERROR
            word = METHOD_NOT_ALLOWED if isinstance(error, MethodNotAllowed) else INTERNAL
            tell_broken(self._services, delivery, word, status=status)

    def request_of(self, environ: Environ, target: Target, body: bytes = b"") -> InboundRequest:
        """Return a delivery as a value; one that is refused by its head has no body."""
        services = self._services
        proxies = services.settings.trusted_proxies
        return inbound_request(environ, body, services.clock, proxies, version=target.version)

    def answer_refusal(
        self, environ: Any, start_response: StartResponse, *, refusal: Refusal
    ) -> Iterable[bytes]:
        """Keep why a delivery was refused, and answer it; a WSGI application once the rest is given."""
        error = refusal.error
        try:
            if not isinstance(error, CallgateError):
                raise error
            reply = refuse(self._services, refusal.delivery, error)
        except Exception as told:  # noqa: BLE001 - the error handlers of the application answer it
            self._tell_of_others(refusal.delivery, told)
            return self.answer_error(environ, start_response, error=told, trace_id=refusal.trace_id)
        self.end_trace(environ, refusal.target, reply.status)
        return send_reply(start_response, reply, refusal.trace_id)

    def answer_error(
        self, environ: Any, start_response: StartResponse, *, error: Exception, trace_id: str
    ) -> Iterable[bytes]:
        """Have the application's error handlers answer; a WSGI application once the rest is given."""
        app = self._app
        with app.request_context(environ):
            g.trace_id = trace_id
            response = app.finalize_request(app.handle_user_exception(error), from_error_handler=True)
            return response(environ, start_response)


def admitted(services: Services, channel_name: str, method: str) -> int:
    """Judge a callback by its head and return how many bytes its body may have; raises the refusal."""
    if method not in METHODS and method not in _more_methods(services, channel_name):
        raise MethodNotAllowed(valid_methods=METHODS)
    return admit(services, channel_name, method)


def _more_methods(services: Services, channel_name: str) -> tuple[str, ...]:
    channel = services.channels.get(channel_name)
    source = None if channel is None else channel.as_capability(WebhookSource)
    return () if source is None else source.methods


def _with_more_path(services: Services, path: str) -> Target | None:
    """Return the channel of an address that goes on behind its name, where its connector says that it is one of its own."""
    if not path.startswith(WEBHOOKS):
        return None
    name, _, rest = path[len(WEBHOOKS) :].partition("/")
    channel = services.channels.get(name)
    taker = None if channel is None else channel.as_capability(SubAddresses)
    return Target(name) if taker is not None and taker.takes_address(rest) else None


def reply_headers(reply: Reply, trace_id: str) -> list[tuple[str, str]]:
    """Return the headers of a platform's own answer."""
    headers = [
        ("Content-Type", reply.content_type),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Trace-Id", trace_id),
    ]
    if reply.retry_after is not None:
        headers.append(("Retry-After", str(reply.retry_after)))
    return [*headers, *reply.headers] if reply.headers else headers


def send_reply(
    start_response: StartResponse, reply: Reply, trace_id: str, headers: Iterable[tuple[str, str]] = ()
) -> Iterable[bytes]:
    """Send a platform's own answer the WSGI way."""
    length = ("Content-Length", str(len(reply.body)))
    start_response(STATUS_LINES[reply.status], [*reply_headers(reply, trace_id), *headers, length])
    return [reply.body]
