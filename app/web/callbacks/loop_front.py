"""What answers a serving process's requests: an application on the event loop (RSGI) in front of the WSGI one.

Callbacks are read, proven and stored here without a thread of their own; everything else is read here and answered by
Flask in a thread. Nothing is handed on before it is read whole, so a slow sender holds up nobody. Why:
docs/decisions/0028-event-loop-front.md.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, NamedTuple, Protocol

from flask import Flask

from app.core.errors import CallgateError
from app.core.identifiers import trace_word
from app.core.values import Reply
from app.pipeline.inbound.on_loop import LoopReceiver
from app.pipeline.inbound.telling import Delivery, tell_answered
from app.pipeline.overrides import RENEW_SECONDS
from app.pipeline.relay.admission import CallHead, is_proven
from app.pipeline.relay.token_forms import token_form
from app.pipeline.services import Services
from app.pipeline.upkeep.shared_copies import renew_copies
from app.storage.database.loop_commits import LoopCommits
from app.storage.database.shared_clock import SharedClock
from app.web.callbacks.bodies import Body, BodyReader, Room
from app.web.callbacks.bridge import Responder, Rest, Threads, Wsgi, answer_by_wsgi
from app.web.callbacks.front_door import Callbacks, Refusal, Target, admitted, reply_headers, turned_away
from app.web.callbacks.relay_places import MOST_OF_ALL, RelayPlaces
from app.web.callbacks.relayed_heads import head_of, is_relayed
from app.web.callbacks.scope import Scope, environ_of, for_application
from app.web.callbacks.spooled_bodies import BODY_SECONDS, MOST_BYTES, SpooledBody
from app.web.callbacks.uploads import UploadPlaces, is_upload, read_upload

PAGE_THREADS = 32
CALLBACK_THREADS = 64
REFUSAL_THREADS = 8
TOKEN_BODY_BYTES = 65_536
"""The bodies of platforms' own token routes hold what proves the caller, so they are read before that."""

CLOSE = ("Connection", "close")


class Server(Body, Responder, Protocol):
    """The server's side of a request and of its answer."""


class Exchange(NamedTuple):
    """One request on its way."""

    scope: Scope
    environ: dict[str, Any]
    server: Server
    reader: BodyReader


class LoopFront:
    """The application that the server calls.

    `is_leaving` says that callers should come again over another connection; `on_start` is called on the loop's thread
    before the first request.
    """

    def __init__(
        self,
        app: Flask,
        services: Services,
        *,
        is_leaving: Callable[[], bool] = lambda: False,
        on_start: Callable[[], None] = lambda: None,
    ):
        self._application: Wsgi = app.wsgi_app
        self._front = Callbacks(app, services)
        self._is_leaving = is_leaving
        self._on_start = on_start
        self._commits = LoopCommits(services.accepts)
        self._pages = Threads("page", PAGE_THREADS)
        self._refusals = Threads("refusal", REFUSAL_THREADS)
        self._relays = Threads("relay", MOST_OF_ALL)
        self._places = RelayPlaces(channel.name for channel in services.channels)
        self._uploads = UploadPlaces()
        self._lookups = Threads("lookup", 1)
        self._receiver = LoopReceiver(services, self._commits, Threads("callback", CALLBACK_THREADS).run)
        self._services = services
        self._room = Room()
        own_limits = [channel.config.max_body_bytes or 0 for channel in services.channels]
        self._longest_body = max(services.settings.max_body_bytes, *own_limits, 0)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to serve on this loop."""
        clock = self._services.clock
        if isinstance(clock, SharedClock):
            clock.now()
            clock.never_keep_waiting()
        renew_copies(self._services)
        self._renewing = loop.create_task(self._keep_copies_fresh())
        self._commits.start(loop)
        self._on_start()

    async def _keep_copies_fresh(self) -> None:
        """Share with the other processes again and again, in a thread: nothing on the loop asks the store."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._lookups.run(partial(renew_copies, self._services))

    async def __rsgi__(self, scope: Scope, server: Server) -> None:
        """Answer a request; what its sender goes on sending after that is thrown away for a while."""
        environ = environ_of(scope)
        self._front.relay_hosts.lead(environ)
        reader = BodyReader(server, environ, self._room)
        try:
            exchange = Exchange(scope, environ, server, reader)
            if (turned := turned_away(self._services, environ)) is not None:
                self._send(exchange, turned.reply, turned.trace_id, turned.headers)
                if not turned.is_drained:
                    return
            elif (target := self._front.target_of(environ)) is not None:
                await self._callback(exchange, target)
            elif is_relayed(environ):
                await self._relayed(exchange)
            elif is_upload(environ):
                await self._upload(exchange)
            else:
                await self._page(exchange)
            await reader.drain()
        finally:
            reader.close()

    async def _callback(self, exchange: Exchange, target: Target) -> None:
        """Take a callback: its head is judged, its body read, the delivery taken."""
        trace_id, began = self._front.begin_trace(exchange.environ).trace_id, time.perf_counter()
        services, environ, body = self._services, exchange.environ, b""
        try:
            limit = admitted(services, target.channel, environ["REQUEST_METHOD"])
            body = await exchange.reader.read(limit)
            request = self._front.request_of(environ, target, body)
            answered = await self._receiver.take(target.channel, request, trace_id=trace_id)
        except Exception as error:  # noqa: BLE001 - the error handlers of the application answer it
            refused = self._front.request_of(environ, target, body)
            await self._refuse(exchange, Refusal(target, refused, error, trace_id, began))
            return
        self._front.end_trace(environ, target, answered.reply.status)
        self._send(exchange, answered.reply, trace_id)
        tell_answered(services, Delivery(target.channel, request, trace_id, began), answered)

    def _send(
        self, exchange: Exchange, reply: Reply, trace_id: str, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        headers = [*reply_headers(reply, trace_id), *headers, *self._closing(exchange)]
        exchange.server.response_bytes(reply.status, headers, reply.body)

    async def _refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """Have a thread keep a refusal and answer it."""
        application = partial(self._front.answer_refusal, refusal=refusal)
        await self._refusals.run(self._answer(application, exchange))

    async def _page(self, exchange: Exchange) -> None:
        """Read a request for the application behind, and have a thread answer it."""
        application, body = self._application, b""
        try:
            body = await exchange.reader.read(self._longest_body)
        except CallgateError as error:
            application = partial(self._front.answer_error, error=error, trace_id=trace_word())
        rest = await self._pages.run(self._answer(application, exchange, body))
        if rest is not None:
            await rest(self._pages.run, self._is_leaving)

    async def _relayed(self, exchange: Exchange) -> None:
        """Have a thread relay a call, which holds it until the platform has answered; pages have their own threads."""
        head = head_of(exchange.environ)
        async with AsyncExitStack() as held:
            spool = held.enter_context(SpooledBody())
            application, threads = self._application, self._relays
            try:
                await self._read_relayed(exchange.reader, head, spool)
                await held.enter_async_context(self._places.of(head.channel))
            except CallgateError as error:
                application = partial(self._front.answer_error, error=error, trace_id=trace_word())
                threads = self._refusals
            answer = self._answer(application, exchange)
            spool.put_into(exchange.environ)
            await threads.run(answer)

    async def _upload(self, exchange: Exchange) -> None:
        """Have a thread hand a file on, which holds it until the platform has answered."""
        async with AsyncExitStack() as held:
            spool = held.enter_context(SpooledBody())
            application, threads = self._application, self._relays
            try:
                await read_upload(self._services, exchange.reader, exchange.environ, spool, self._pages.run)
                await held.enter_async_context(self._uploads.one())
            except CallgateError as error:
                application = partial(self._front.answer_error, error=error, trace_id=trace_word())
                threads = self._refusals
            answer = self._answer(application, exchange)
            spool.put_into(exchange.environ)
            await threads.run(answer)

    async def _read_relayed(self, reader: BodyReader, head: CallHead, spool: SpooledBody) -> None:
        """Read the body of a call; a large one once its caller is proven, into a file."""
        if reader.is_short or token_form(self._services, head.channel, head.method, head.path):
            await spool.write(await reader.read(TOKEN_BODY_BYTES))
        elif await self._pages.run(partial(is_proven, self._services, head)):
            write = partial(spool.write_by, self._pages.run)
            await reader.pass_on(MOST_BYTES, seconds=BODY_SECONDS, to=write)

    def _answer(self, application: Wsgi, exchange: Exchange, body: bytes = b"") -> Callable[[], Rest | None]:
        """Return the work of a thread that has a WSGI application answer."""
        environ = for_application(exchange.environ, exchange.scope, body)
        return partial(answer_by_wsgi, application, environ, exchange.server, self._closing(exchange))

    def _closing(self, exchange: Exchange) -> list[tuple[str, str]]:
        """Return the header that ends a connection where there is more to come than is wanted, or the process leaves."""
        return [] if exchange.reader.is_whole and not self._is_leaving() else [CLOSE]
