"""Bans: an address with too many refused requests is kept out for a while, by all processes.

Slowing comes first: a refused proof, a wrong API token and an unknown channel are each limited per address. A ban needs
more than all of those limits let pass, so who is only set up wrong is slowed and goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from app.config.channels import RESERVED_NAMES
from app.core.errors import RefusedError, StoreUnavailable
from app.pipeline.services import Services
from app.security.addresses import address_group
from app.storage.bans import Ban, delete_ended, find_ban, list_bans, mark_ended, write_ban
from app.storage.database.db import Transaction
from app.storage.inbox.events import recent_senders

BAD_SIGNATURE, WRONG_TOKEN, UNKNOWN_CHANNEL = "bad_signature", "wrong_token", "unknown_channel"
UNKNOWN_CHANNELS_PER_ADDRESS = "30 per minute"
TRIES_TO_BAN = "1 per minute"
"""So often it is looked up whether an address that has too many refused requests may be banned."""

BAN_SECONDS = (60, 300, 1_800, 7_200, 86_400)
"""The first ban, the second, and so on; the last one repeats."""

REMEMBERED_FOR = timedelta(days=1)
"""So long after its end the next ban of an address is the longer one."""

RECENT_EVENTS = 500
"""Who sent one of so many newest events of a channel, with a proof, is not banned: others share that address."""

PROVES_NOTHING = "unsigned"
"""What the scheme of an event that nobody proved ends with."""

log = structlog.get_logger(__name__)


def check_unknown_channel(services: Services, remote_addr: str) -> None:
    """Count a delivery to a channel that does not exist; raises RefusedError 429 for an address that has many of them."""
    note_refused(services, remote_addr, UNKNOWN_CHANNEL)
    wait = services.rate_limits.hit(
        UNKNOWN_CHANNELS_PER_ADDRESS, "unknown_channel", address_group(remote_addr)
    )
    if wait is not None:
        message = "Too many requests to channels that do not exist; `flask channels list` prints the addresses that do."
        raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)


def note_refused(services: Services, remote_addr: str, reason: str) -> None:
    """Count a refused request of an address, and ban it when there are too many. Reads and writes the store then only."""
    group, limits = address_group(remote_addr), services.rate_limits
    if not services.bans.enabled or services.bans.is_exempt(group):
        return
    rule = f"{services.settings.ban_after} per 10 minute"
    if limits.hit(rule, "refused", group) is None or limits.hit(TRIES_TO_BAN, "ban", group) is not None:
        return
    if _ban(services, group, reason):
        limits.forget(rule, "refused", group)
        limits.forget(TRIES_TO_BAN, "ban", group)


def _ban(services: Services, group: str, reason: str) -> bool:
    """Keep a group out from now on; False where that is not done."""
    now = services.clock.now()
    try:
        if _sends_genuine_callbacks(services, group):
            log.info("address_not_banned", address=group, reason=reason, why="it sends genuine callbacks too")
            return False
        ban, is_new = services.database.run(lambda tx: _begin(tx, group, reason, now))
    except StoreUnavailable:
        log.warning("ban_not_stored", address=group)
        return False
    services.bans.add(group, ban.ends_at)
    if is_new:
        seconds = round((ban.ends_at - now).total_seconds())
        log.warning("ban_began", address=group, reason=reason, times=ban.times, seconds=seconds)
    return True


def _sends_genuine_callbacks(services: Services, group: str) -> bool:
    channels = [*RESERVED_NAMES, *(channel.name for channel in services.channels)]
    with services.database.read() as tx:
        senders = recent_senders(tx, channels, limit=RECENT_EVENTS)
    return any(
        address_group(address) == group and not scheme.endswith(PROVES_NOTHING) for address, scheme in senders
    )


def _begin(tx: Transaction, group: str, reason: str, now: datetime) -> tuple[Ban, bool]:
    """Return the ban that a group has, or write a new one; and whether it is new."""
    last = find_ban(tx, group)
    if last is not None and last.ends_at > now:
        return last, False
    times = last.times + 1 if last is not None and last.ends_at + REMEMBERED_FOR > now else 1
    seconds = BAN_SECONDS[min(times, len(BAN_SECONDS)) - 1]
    ban = Ban(group, reason, times, began_at=now, ends_at=now + timedelta(seconds=seconds))
    is_new = write_ban(tx, ban)
    return (ban if is_new else find_ban(tx, group) or ban), is_new


def renew_bans(services: Services) -> None:
    """Take over what the store knows; while it cannot say, the copy stays as it is and no request fails for it."""
    services.bans.mark_renewed()
    try:
        now = services.clock.now()
        with services.database.read() as tx:
            current = list_bans(tx, now)
    except Exception as error:  # noqa: BLE001 - a list of bans that cannot be read must not stop traffic
        log.warning("bans_not_renewed", error=error.__class__.__name__)
        return
    services.bans.replace({ban.address: ban.ends_at for ban in current})


def tidy_bans(tx: Transaction, now: datetime) -> list[Ban]:
    """Forget old bans and return those whose end has come and nobody told yet."""
    delete_ended(tx, now - REMEMBERED_FOR)
    return list(mark_ended(tx, now))


def tell_ended(ended: list[Ban]) -> None:
    """Write a line for each ban that ended; once in all processes."""
    for ban in ended:
        log.info("ban_ended", address=ban.address, reason=ban.reason, times=ban.times)
