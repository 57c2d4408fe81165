"""Bans as operators see them, and lifting one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from app.core.errors import RefusedError
from app.core.moments import as_text
from app.pipeline.services import Services
from app.security.addresses import UNREADABLE, address_group
from app.storage.audit import write_audit
from app.storage.bans import Ban, delete_ban, list_bans
from app.storage.database.db import Transaction

log = structlog.get_logger(__name__)


def current_bans(services: Services) -> Sequence[Ban]:
    """Return the bans that are on, the newest first."""
    now = services.clock.now()
    with services.database.read() as tx:
        return list_bans(tx, now)


def ban_view(ban: Ban) -> dict[str, Any]:
    """Return a ban as JSON shows it."""
    return {
        "address": ban.address,
        "reason": ban.reason,
        "times": ban.times,
        "began_at": as_text(ban.began_at),
        "ends_at": as_text(ban.ends_at),
    }


def lift_ban(services: Services, address: str, *, actor: str) -> str:
    """End the ban of an address (IPv6: of its /64) and forget earlier ones; return what was lifted.

    Raises RefusedError for what is no address and for one that is not banned.
    """
    group = address_group(address.removesuffix("/64"))
    if group == UNREADABLE:
        message = f"{address[:64]!r} is no address; `flask bans list` shows those that are banned."
        raise RefusedError("bad_address", message, http_status=400)
    now = services.clock.now()

    def lift(tx: Transaction) -> bool:
        if not delete_ban(tx, group):
            return False
        write_audit(tx, at=now, actor=actor, action="ban.lifted", target=group)
        return True

    if not services.database.run(lift):
        raise RefusedError("not_banned", f"{group} is not banned.", http_status=404)
    log.warning("ban_lifted", address=group, actor=actor)
    return group
