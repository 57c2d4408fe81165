"""Switching a channel off and on beside its file, audited. Serving processes hear of it within RENEW_SECONDS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from app.core.errors import RefusedError, RequestError
from app.core.moments import as_text
from app.core.storable import is_storable
from app.pipeline.overrides import renew_overrides
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.channel_overrides import MAX_REASON, Override, list_overrides, write_override
from app.storage.database.db import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SwitchOrder:
    """Who switches a channel, and why; `trace_id` is the request's, empty at a terminal."""

    actor: str
    reason: str
    trace_id: str = ""


def switch_off(services: Services, name: str, order: SwitchOrder) -> Override:
    """Take nothing more through a channel, in every process; what its file says stays. Raises RequestError."""
    return _switch(services, name, order, enabled=False)


def switch_on(services: Services, name: str, order: SwitchOrder) -> Override:
    """Take back that a channel is switched off; one that is off in the file stays off. Raises RequestError."""
    return _switch(services, name, order, enabled=True)


def overrides_of(services: Services) -> dict[str, Override]:
    """Return the last decision about each channel; none while the store cannot say."""
    try:
        with services.database.read() as tx:
            return list_overrides(tx)
    except Exception as error:  # noqa: BLE001 - a list of channels is shown without a database too
        log.warning("overrides_not_read", error=error.__class__.__name__)
        return {}


def override_view(override: Override | None) -> dict[str, Any] | None:
    """Return a decision as JSON shows it."""
    if override is None:
        return None
    return {
        "enabled": override.enabled,
        "by": override.actor,
        "reason": override.reason,
        "at": as_text(override.at),
    }


def _switch(services: Services, name: str, order: SwitchOrder, *, enabled: bool) -> Override:
    _check_is_configured(services, name)
    reason = _checked_reason(order.reason)
    now = services.clock.now()
    override = Override(name, enabled, order.actor, reason, now)

    def switch(tx: Transaction) -> None:
        write_override(tx, override)
        write_audit(
            tx,
            at=now,
            actor=order.actor,
            action="channel.enabled" if enabled else "channel.disabled",
            target=name,
            trace_id=order.trace_id,
            detail={"reason": reason},
        )

    services.database.run(switch)
    renew_overrides(services)
    log.warning("channel_switched", channel=name, enabled=enabled, actor=order.actor)
    return override


def _check_is_configured(services: Services, name: str) -> None:
    if not services.channels.is_configured(name):
        raise RefusedError(
            "unknown_channel",
            f"There is no channel {name[:64]!r} in the channels file; `flask channels list` shows those that exist.",
            http_status=404,
        )


def _checked_reason(reason: object) -> str:
    if not isinstance(reason, str) or not reason.strip() or not is_storable(reason, MAX_REASON):
        raise RequestError(
            "bad_reason", f"reason must say why, in 1 to {MAX_REASON} characters; it is kept in the audit."
        )
    return reason.strip()
