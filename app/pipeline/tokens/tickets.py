"""Tickets: what a platform pushes every few minutes, and without which it gives no app token. Kept sealed, the newest alone."""

from __future__ import annotations

from datetime import timedelta

import structlog

from app.core.accounts import Ticket, TicketSource
from app.core.ports import AppTokenSource
from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.security.vault import VaultError
from app.storage.app_tokens import find_app_token, store_ticket

KIND = "ticket"

log = structlog.get_logger(__name__)


def keep_ticket(services: Services, channel: Channel, source: TicketSource, ticket: Ticket) -> bool:
    """Keep a ticket for all processes; False when a newer one is there."""
    sealed = services.vault.seal(ticket.value.encode(), place=_place(channel, source))
    # A platform's clock that is ahead must not keep the tickets out that it sends after it was put right.
    made_at = min(ticket.made_at, services.clock.now())
    ends_at = made_at + timedelta(seconds=source.ticket_seconds)
    return services.database.run(
        lambda tx: store_ticket(tx, channel.name, KIND, value=sealed, made_at=made_at, expires_at=ends_at)
    )


def with_newest_ticket(services: Services, channel: Channel, source: AppTokenSource) -> AppTokenSource:
    """Return what fetches the app token: the source itself, with the newest ticket where it needs one.

    Without a ticket that is still good the source stays as it is, and says so when it is asked.
    """
    ticketed = channel.as_capability(TicketSource)
    ticket = None if ticketed is None else _newest(services, channel, ticketed)
    return source if ticketed is None or ticket is None else ticketed.with_ticket(ticket)


def _newest(services: Services, channel: Channel, source: TicketSource) -> str | None:
    with services.database.read() as tx:
        row = find_app_token(tx, channel.name, KIND)
    if row is None or row.value is None or row.expires_at is None or row.expires_at <= services.clock.now():
        return None
    try:
        return services.vault.open(bytes(row.value), place=_place(channel, source)).decode()
    except VaultError:
        log.warning("ticket_not_opened", channel=channel.name)
        return None


def _place(channel: Channel, source: TicketSource) -> str:
    """Name the application too: one whose channel was given to another does not get its ticket."""
    return f"app_tokens/{channel.name}/{KIND}/{source.ticket_owner}"
