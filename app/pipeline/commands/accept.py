"""Commands: a signed request asks for a handler to run and names where the outcome is told (CONTRACT §10).

Accepting needs no network: the address for the result is judged by its form here, and by what it connects to when it is called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.core.errors import CallgateError, RefusedError, RequestError, unreadable_json
from app.core.identifiers import new_id
from app.core.moments import as_text
from app.core.ports import CommandSource
from app.core.states import EventState
from app.core.traces import current_traceparent
from app.core.values import Event, InboundRequest, Verified
from app.pipeline.channels import Channel
from app.pipeline.commands.run import COMMANDS, RESULT_ROUTE, result_of, run_route_name
from app.pipeline.evidence import kept_head_of, seal_exact
from app.pipeline.inbound.pressure import pressure_on
from app.pipeline.inbound.proof import (
    counted,
    keep_rejected_command,
    let_in,
    nonce_end,
    nonce_was_used,
    prove_command,
)
from app.pipeline.services import Services
from app.security.public_addresses import AddressGuard, NotPublicError
from app.security.strict_json import parse_json_object
from app.storage.commands import NewCommand, find_command, insert_command
from app.storage.database.db import Transaction
from app.storage.inbox.events import NewEvent
from app.storage.inbox.nonces import use_nonce
from app.storage.queue.acceptance import Acceptance, accept_many
from app.storage.queue.dispatches import NewDispatch

KEYS = frozenset({"command", "payload", "callbackUrl"})
COMMAND = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
COMMAND_ID = re.compile(r"[0-9a-f]{32}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A command as its body states it; `body` is the whole of it."""

    command: str
    result_url: str
    body: dict[str, Any]


def accept_command(services: Services, request: InboundRequest, *, trace_id: str) -> str:
    """Take one command and return its id; raises CallgateError for every refusal.

    1. The channel must be there; address, rate and signature must be right, and the gateway not be under pressure.
    2. The body must name a command, an object for it and an address that could be public.
    3. A handler must take the command.
    4. Nonce, event, dispatch and command are stored in one commit.
    """
    try:
        return _accept(services, request)
    except CallgateError as error:
        refusal = counted(services, request, error)
        keep_rejected_command(services, request, refusal, trace_id=trace_id)
        raise refusal from None


def _accept(services: Services, request: InboundRequest) -> str:
    channel, verified = _prove(services, request)
    if (pressure := pressure_on(services, channel)) is not None:
        raise pressure
    wanted = _wanted(request.body, AddressGuard(services.settings.callback_allowed_hosts))
    route = run_route_name(services, wanted.command, request.version)
    if route is None:
        raise RequestError(
            "unknown_command", f"No handler takes the command {wanted.command}; check its spelling."
        )
    event, sealed = _event(services, request, wanted)
    new = NewEvent(event, False, EventState.SUCCEEDED, request.remote_addr, verified.scheme, sealed)
    command = NewCommand(
        id=event.id,
        channel=channel.name,
        command=wanted.command,
        result_url=wanted.result_url,
        run_route=route,
        result_route=RESULT_ROUTE,
        created_at=event.received_at,
    )
    services.database.run(lambda tx: _store(tx, verified, new, command))
    log.info("command_accepted", event_id=event.id, event_type=event.type, channel=channel.name)
    services.runtime.wake()
    return event.id


def _prove(services: Services, request: InboundRequest) -> tuple[Channel, Verified]:
    name = services.settings.callback_default_channel
    channel, source = services.channels.with_capability(name, CommandSource)
    let_in(services, channel, request)
    return channel, prove_command(services, source, request, services.clock.now())


def _wanted(raw: bytes, guard: AddressGuard) -> Wanted:
    try:
        body = parse_json_object(raw)
    except ValueError as error:
        raise unreadable_json(error) from error
    if unknown := sorted(set(body) - KEYS):
        raise RequestError(
            "unknown_field",
            f"The body may hold {', '.join(sorted(KEYS))} and not {', '.join(unknown)[:200]}.",
        )
    command = body.get("command")
    if not isinstance(command, str) or not COMMAND.fullmatch(command):
        raise RequestError(
            "bad_command",
            "command must be 1 to 128 letters, digits and . _ : - and begin with one of the first.",
        )
    if not isinstance(body.setdefault("payload", {}), dict):
        raise RequestError("bad_payload", "payload must be a JSON object, or be left out.")
    return Wanted(command, _result_url(body.get("callbackUrl"), guard), body)


def _result_url(value: object, guard: AddressGuard) -> str:
    if not isinstance(value, str):
        raise RequestError("bad_callback_url", "callbackUrl is needed and must be text.")
    try:
        guard.check_url(value)
    except NotPublicError as error:
        message = f"callbackUrl must be public or on a host in CALLBACK_ALLOWED_HOSTS: {error}."
        raise RequestError("callback_not_public", message) from error
    except ValueError as error:
        raise RequestError("bad_callback_url", f"callbackUrl cannot be used: {error}.") from error
    return value


def _event(services: Services, request: InboundRequest, wanted: Wanted) -> tuple[Event, bytes | None]:
    """Return a command as an event, and what of its head was masked, sealed."""
    event_id = new_id(services.clock.now())
    head, exact = kept_head_of(request)
    event = Event(
        id=event_id,
        channel=COMMANDS,
        platform=COMMANDS,
        type=wanted.command,
        key=event_id,
        subject=None,
        occurred_at=None,
        received_at=request.received_at,
        data=wanted.body,
        raw=request.body,
        headers=head.headers,
        query_string=head.query_string,
        version=request.version,
        masked=head.masked,
        traceparent=current_traceparent(),
    )
    return event, seal_exact(services.vault, event_id, exact)


def _store(tx: Transaction, verified: Verified, new: NewEvent, command: NewCommand) -> None:
    now = command.created_at
    _use_nonce(tx, command.channel, verified, now)
    dispatch = NewDispatch(new_id(now), command.id, command.run_route, due_at=now)
    accept_many(tx, [Acceptance(new=new, dispatches=(dispatch,), window=timedelta(days=1), now=now)])
    insert_command(tx, command)


def _use_nonce(tx: Transaction, channel_name: str, verified: Verified, now: datetime) -> None:
    """Spend the nonce in the channel's own list: what signed a callback cannot be sent again as a command."""
    if not use_nonce(tx, channel_name, verified.nonce or "", nonce_end(verified, now)):
        raise nonce_was_used()


def show_signed(services: Services, command_id: str, request: InboundRequest) -> dict[str, Any]:
    """Return a command to a caller that signed the question, which has no body; only commands of its own channel."""
    channel, verified = _prove(services, request)
    if request.body:
        raise RequestError("unexpected_body", "The question for a command has no body.")
    services.database.run(lambda tx: _use_nonce(tx, channel.name, verified, request.received_at))
    return show_command(services, command_id, channel_name=channel.name)


def show_command(services: Services, command_id: str, *, channel_name: str | None = None) -> dict[str, Any]:
    """Return where a command stands and its outcome; raises RefusedError 404."""
    found = None
    if COMMAND_ID.fullmatch(command_id):
        with services.database.read() as tx:
            found = find_command(tx, command_id)
    if found is None or channel_name not in (None, found.channel):
        raise RefusedError("unknown_command_id", "There is no command with this id.", http_status=404)
    return {
        "id": found.id,
        "command": found.command,
        "state": found.state.value,
        "result": result_of(found),
        "error": found.error,
        "callback_state": None if found.result_state is None else found.result_state.value,
        "created_at": as_text(found.created_at),
        "finished_at": as_text(found.finished_at),
    }
