"""At what pace a channel may be called: what its platform allows, as allowances in the database that all processes share.

Nothing sleeps here for longer than a moment: who has to wait gives the dispatch back until its time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from app.core.sending import Pace, Recipient
from app.pipeline.returns import SPREAD, Returns
from app.pipeline.services import Services
from app.storage.messages.paces import Toll

LONG_SECONDS = 3_600
"""An allowance for so long a time is a quota rather than a pace: most of it may be used at once."""

MOST_RETURNS = 4096
"""Of those who wait, by channel or recipient, so many are told apart."""


def channel_tolls(channel: str, paces: Iterable[Pace], kind: str) -> tuple[Toll, ...]:
    """Return what each call of a channel to a kind of recipient uses."""
    return tuple(
        _toll(f"{channel}\n{place}", pace)
        for place, pace in enumerate(paces)
        if not pace.each_recipient and _counts(pace, kind)
    )


def recipient_tolls(channel: str, paces: Iterable[Pace], recipient: Recipient) -> tuple[Toll, ...]:
    """Return what a call to one recipient uses of what the platform allows for each."""
    return tuple(
        _toll(f"{channel}\n{place}\n{recipient.kind}\n{recipient.value}", pace)
        for place, pace in enumerate(paces)
        if pace.each_recipient and _counts(pace, recipient.kind)
    )


def _counts(pace: Pace, kind: str) -> bool:
    return not pace.kinds or kind in pace.kinds


def _toll(name: str, pace: Pace) -> Toll:
    """Return an allowance that no window of the pace's length ever passes: a burst, and the rest grown back within it.

    A burst of b calls with one more every T seconds lets b + W / T pass in W seconds, so T is W / (most - b).
    """
    burst = max(1, pace.most // 4 if pace.seconds < LONG_SECONDS else pace.most * 3 // 4)
    interval = timedelta(seconds=pace.seconds / max(1, pace.most - burst))
    return Toll(hashlib.sha256(name.encode()).hexdigest(), interval, ahead=interval * (burst - 1))


class HeldBack(NamedTuple):
    """Until when somebody is not sent to, and who that is."""

    until: datetime
    recipient: Recipient


def recipients_return(services: Services, channel: str, held: HeldBack, paces: Iterable[Pace]) -> datetime:
    """Return when a dispatch comes back whose recipient was sent to too lately: behind those that wait for the same one."""
    returns, recipient = services.runtime.returns, held.recipient
    own = [
        _toll("", pace).interval for pace in paces if pace.each_recipient and _counts(pace, recipient.kind)
    ]
    interval = min(own, default=SPREAD)
    name = f"{channel}\n{recipient.kind}\n{recipient.value}"
    if len(returns) >= MOST_RETURNS:
        # Who is forgotten comes back too early once, and finds no room.
        returns.clear()
    kept = returns.setdefault(name, Returns(interval))
    return kept.time_to_return(held.until - interval)


def time_to_return(services: Services, channel: str, earliest: datetime, paces: Iterable[Pace]) -> datetime:
    """Return when a dispatch that found no room comes back: at `earliest`, or behind those that wait already.

    Of a channel with several paces the quickest counts: who comes back too early finds no room again, and nobody waits too long.
    """
    returns = services.runtime.returns
    kept = returns.get(channel)
    if kept is None:
        intervals = [_toll("", pace).interval for pace in paces if not pace.each_recipient]
        kept = returns.setdefault(channel, Returns(min(intervals, default=None)))
    return kept.time_to_return(earliest)
