"""Channels that an operator switched off: what a process knows of them, and the door they close.

The file stays as it is and is stronger: what is off there stays off. Only the way in is closed: callbacks, commands and
logins. What is stored runs on, and so does what leaves (messages, forwards, app tokens).
"""

from __future__ import annotations

import time

import structlog

from app.core.errors import RefusedError
from app.pipeline.services import Services
from app.storage.channel_overrides import list_overrides

RENEW_SECONDS = 3.0
"""How old the copy may be: so long after a switch another process may not know of it."""

CHANNEL_DISABLED = "channel_disabled"
COME_AGAIN_SECONDS = 300
"""What Retry-After asks of a platform: long enough that it does not knock for nothing, within what most of them wait."""

log = structlog.get_logger(__name__)


def check_is_on(services: Services, channel_name: str) -> None:
    """Refuse what comes in through a channel that is switched off; raises RefusedError 503, so that platforms send it again."""
    if channel_name in services.runtime.overrides.off:
        raise RefusedError(
            CHANNEL_DISABLED,
            "An operator has switched this channel off for now; send it again later.",
            http_status=503,
            retry_after=COME_AGAIN_SECONDS,
            detail="The channel is switched off here; `flask channels enable` or the console switches it on.",
        )


def is_switched_off(services: Services, channel_name: str) -> bool:
    """Say whether an operator switched a channel off, as this process knows it."""
    return channel_name in services.runtime.overrides.off


def renew_overrides(services: Services) -> None:
    """Take over what the store knows; while it cannot say, the copy stays as it is and no request fails for it."""
    services.runtime.overrides.renewed_at = time.monotonic()
    try:
        with services.database.read() as tx:
            found = list_overrides(tx)
    except Exception as error:  # noqa: BLE001 - a list that cannot be read must not stop traffic
        log.warning("overrides_not_renewed", error=error.__class__.__name__)
        return
    services.runtime.overrides.off = frozenset(name for name, each in found.items() if not each.enabled)
