"""One relayed call: the real token is put in, the call goes out, and once more with a fresh token where the platform asks for it.

The answer goes on as the platform gave it, but for the token. Every call is audited when it is over: who, what, how it ended.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO
from urllib.parse import quote

import structlog

from app.core.errors import CallgateError, StoreUnavailable, TokenRejected, UpstreamError
from app.pipeline.relay.admission import Admitted
from app.pipeline.relay.answers import Answer
from app.pipeline.relay.headers import headers_out
from app.pipeline.relay.relay_tokens import open_relay_token, seal_relay_token
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token
from app.pipeline.tokens.user_tokens import call_with_tokens
from app.security.blotting import BLOT
from app.security.outbound_words import loggable_path
from app.security.relay_client import PassedCall
from app.storage.audit import write_audit

ACTION = "relay"
LOOKED_INTO = 262_144
"""Where a platform takes tokens in bodies, a longer one goes on as it is."""

STAND_IN_SECONDS = 600

RELAY_TOKEN = re.compile(rb"cgr_[A-Za-z0-9_-]{1,1020}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class CallBody:
    """The body of a call, which can be read again from its beginning."""

    content: IO[bytes]
    length: int


@dataclass(frozen=True, slots=True, repr=False)
class RelayedAnswer:
    """What goes back to the caller. `close` is called when it was handed on, by the thread that made the call."""

    status: int
    headers: list[tuple[str, str]]
    pieces: Iterator[bytes]
    close: Callable[[], None]


def relay(services: Services, admitted: Admitted, body: CallBody | None, *, trace_id: str) -> RelayedAnswer:
    """Make a call and return its answer while it arrives.

    1. The app's token is put in, or a person's; an old one is renewed before, once for all processes.
    2. Where the platform says that it is stale, a fresh one is fetched and the call made once more.
    3. The platform's last answer goes back, refusals too, without the real token.

    Raises UpstreamError and its kin where there is no answer.
    """
    attempts = _Attempts(services, admitted, body)
    try:
        answer = _answer(services, admitted, attempts)
    except CallgateError as error:
        _audit(services, admitted, error.code, trace_id)
        raise
    headers, pieces = answer.without_token(attempts.token, lambda: _stand_in(services, admitted, attempts))

    def close() -> None:
        answer.close()
        _audit(services, admitted, str(answer.status), trace_id)

    return RelayedAnswer(answer.status, headers, pieces, close)


def _answer(services: Services, admitted: Admitted, attempts: _Attempts) -> Answer:
    try:
        if admitted.identity is not None:
            return call_with_tokens(
                services, admitted.identity, lambda tokens, _: attempts.make(tokens.access_token)
            )
        return with_app_token(services, admitted.channel.name, attempts.make)
    except UpstreamError:
        # The last try was answered, and no better answer is to be had: it is the caller's to see.
        if attempts.last is None:
            raise
        return attempts.last


class _Attempts:
    """The tries of one call, at most two: the token is the only thing that differs between them."""

    def __init__(self, services: Services, admitted: Admitted, body: CallBody | None):
        self._services = services
        self._admitted = admitted
        self._body = body
        self.last: Answer | None = None
        self.token = ""

    def make(self, token: str) -> Answer:
        """Make the call with a token; raises TokenRejected where the platform says that this one is stale."""
        self.last, self.token = None, token
        client = self._admitted.channel.relay
        assert client is not None
        self.last = Answer(client.open(self._written(token)))
        if self.last.says_stale(self._admitted.source):
            raise TokenRejected
        return self.last

    def _written(self, token: str) -> PassedCall:
        admitted, place = self._admitted, self._admitted.place
        headers = [
            (name, value)
            for name, value in headers_out(admitted.head.headers.items())
            if name.lower() != place.header.lower()
        ]
        query = admitted.query
        if place.query:
            own = f"{place.query}={quote(token, safe='')}"
            query = f"{query}&{own}" if query else own
        if place.header:
            headers.append((place.header, f"{place.scheme} {token}".lstrip()))
        url = f"{place.base}{admitted.head.path}" + (f"?{query}" if query else "")
        content, length = self._content(token)
        return PassedCall(admitted.head.method, url, headers, content, length)

    def _content(self, token: str) -> tuple[IO[bytes] | None, int]:
        """Return the body from its beginning, with the real token where the platform takes it there."""
        if self._body is None:
            return None, 0
        content, length = self._body.content, self._body.length
        content.seek(0)
        if not self._admitted.place.in_body or length > LOOKED_INTO:
            return content, length
        text = RELAY_TOKEN.sub(lambda match: self._real(match[0], token), content.read())
        return BytesIO(text), len(text)

    def _real(self, given: bytes, token: str) -> bytes:
        """Return the real token for a relay token of this very caller; any other text stays."""
        admitted = self._admitted
        opened = open_relay_token(self._services, admitted.channel.name, given.decode())
        is_own = opened is not None and opened.caller_id == admitted.caller.id
        return json.dumps(token)[1:-1].encode() if is_own else given


def _stand_in(services: Services, admitted: Admitted, attempts: _Attempts) -> str:
    """Return what an answer shows in place of the real token: the caller's relay token, for a person's token nothing."""
    if admitted.given is not None:
        return admitted.given
    if admitted.identity is not None:
        return BLOT.decode() * len(attempts.token)
    # Not for the app token's own time: to learn that, a platform may have to be asked in the middle of this answer.
    return seal_relay_token(services, admitted.caller, admitted.channel.name, seconds=STAND_IN_SECONDS)


def _audit(services: Services, admitted: Admitted, outcome: str, trace_id: str) -> None:
    """Write who called what; a store that takes nothing now is told in the log."""
    head = admitted.head
    identity = None if admitted.identity is None else {"identity": admitted.identity.id}
    path = loggable_path(head.path)
    target = f"{head.channel} {head.method} {path}"
    log.info(
        "call_relayed",
        channel=head.channel,
        caller=admitted.caller.name,
        method=head.method,
        path=path,
        outcome=outcome,
    )
    try:
        services.database.run(
            lambda tx: write_audit(
                tx,
                at=services.clock.now(),
                actor=admitted.caller.name,
                action=ACTION,
                target=target,
                outcome=outcome,
                trace_id=trace_id,
                detail=identity,
            )
        )
    except StoreUnavailable:
        log.warning("relay_not_audited", caller=admitted.caller.name, target=target, outcome=outcome)
