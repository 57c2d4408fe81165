"""Proving a stored event once more: its evidence as it came, today's keys, and the time of its receipt. Changes nothing."""

from __future__ import annotations

from typing import Any

from app.core.address_ports import SubAddresses
from app.core.errors import CallgateError, RefusedError, VerificationError
from app.core.ports import BatchSource, CommandSource, WebhookSource
from app.core.values import Coverage, Event, InboundRequest
from app.pipeline.channels import channel_path
from app.pipeline.commands.run import COMMANDS
from app.pipeline.evidence import open_exact
from app.pipeline.inbound.proof import prove
from app.pipeline.inbound.reasons import explained
from app.pipeline.payments.check import RECONCILED_SCHEME
from app.pipeline.services import Services
from app.security.vault import VaultError
from app.storage.commands import find_command
from app.storage.database.db import StoredRow
from app.storage.inbox.events import event_from_row, find_event_row

UNSIGNED = "unsigned: This channel takes callbacks without any proof, so nothing can be proven again."


RECONCILED = "Nobody sent this event: the platform was asked for the payment, and its answer was proven then."
IN_BATCH = " An event that came together with others keeps only its own part; prove the first of them."
WITHOUT_REST = (
    " Nothing stood behind the channel's name in the address, or the event is older than the release that keeps it; "
    "then an event whose platform signs the address cannot be proven again."
)


def verify_event(services: Services, event_id: str) -> dict[str, Any]:
    """Say whether a stored event is still proven; raises RefusedError 404 for no event, 409 where evidence or keys are gone.

    Secrets that were exchanged since make it `false`, as does a key of the platform's own that has ended. A platform that
    has to be asked for its key may be asked, so UpstreamError may come too.
    """
    with services.database.read() as tx:
        row = find_event_row(tx, event_id)
        command = find_command(tx, event_id) if row is not None and row.channel == COMMANDS else None
    row = _still_whole(row)
    if row.scheme == RECONCILED_SCHEME:
        return _said(row, reason=RECONCILED)
    event = _opened(services, row)
    request = _request(event, row, method=_method(services, row.channel))
    try:
        if row.channel == COMMANDS:
            _prove_command(services, command.channel if command else "", request)
        elif not _prove_callback(services, row.channel, request):
            return _said(row, reason=UNSIGNED)
    except VerificationError as error:
        about = _about_batches(services, row.channel) + _about_paths(services, event)
        return _said(row, reason=explained(error) + about)
    return _said(row)


def delivery_of_event(services: Services, event_id: str) -> InboundRequest:
    """Return the request that a stored event came by, its credentials opened: for proving it, never for showing it.

    Raises RefusedError 404 for no event, 409 where evidence or keys are gone.
    """
    with services.database.read() as tx:
        row = _still_whole(find_event_row(tx, event_id))
    return _request(_opened(services, row), row, method=_method(services, row.channel))


def _still_whole(row: StoredRow | None) -> StoredRow:
    if row is None:
        raise RefusedError("unknown_event", "There is no event with this id.", http_status=404)
    if row.body is None:
        raise RefusedError("body_pruned", "Retention has emptied this event.", http_status=409)
    return row


def _said(row: StoredRow, *, reason: str | None = None) -> dict[str, Any]:
    evidence = "exact" if row.sealed is None else "sealed"
    return {
        "id": row.id,
        "verified": reason is None,
        "scheme": row.scheme,
        "evidence": evidence,
        "reason": reason,
    }


def _opened(services: Services, row: StoredRow) -> Event:
    try:
        return open_exact(services.vault, event_from_row(row), row.sealed and bytes(row.sealed))
    except VaultError as error:
        raise RefusedError("evidence_sealed", error.message, http_status=409) from error


def _method(services: Services, channel_name: str) -> str:
    """Return the method of a channel's events, which is not stored: POST, unless it takes none by POST."""
    channel = services.channels.get(channel_name)
    source = None if channel is None else channel.as_capability(WebhookSource)
    return "POST" if source is None or "POST" in source.methods else source.methods[0]


def _request(event: Event, row: StoredRow, *, method: str) -> InboundRequest:
    """Return the delivery anew; where a channel has addresses below its own, with what stood there."""
    return InboundRequest(
        method=method,
        path=channel_path(event.channel) + event.path_rest,
        query_string=event.query_string,
        headers=event.headers,
        body=event.raw,
        remote_addr=row.remote_addr,
        received_at=event.received_at,
        version=event.version,
    )


def _prove_callback(services: Services, name: str, request: InboundRequest) -> bool:
    """Prove it; False where the channel asks for no proof. Raises VerificationError."""
    try:
        channel, source = services.channels.with_capability(name, WebhookSource)
    except CallgateError as error:
        raise _nobody_proves(name) from error
    prove(services, channel, source, request)
    return source.signature_covers is not Coverage.NONE


def _prove_command(services: Services, name: str, request: InboundRequest) -> None:
    try:
        _, source = services.channels.with_capability(name, CommandSource)
    except CallgateError as error:
        raise _nobody_proves(name) from error
    source.verify_command(request, request.received_at)


def _about_batches(services: Services, name: str) -> str:
    channel = services.channels.get(name)
    return IN_BATCH if channel is not None and channel.as_capability(BatchSource) is not None else ""


def _about_paths(services: Services, event: Event) -> str:
    channel = services.channels.get(event.channel)
    takes_more = channel is not None and channel.as_capability(SubAddresses) is not None
    return WITHOUT_REST if takes_more and not event.path_rest else ""


def _nobody_proves(name: str) -> RefusedError:
    return RefusedError(
        "channel_gone",
        f"The channel {name} takes no callbacks any more, so nobody here can prove its events.",
        http_status=409,
    )
