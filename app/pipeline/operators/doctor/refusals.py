"""Judges what a channel refused lately: a wrong secret, a wrong allow-list, an address with a slip in it, a clock.

Only the newest refusals of a day are looked at. Anybody can be refused, so refusals alone are a warning while genuine callbacks
still come, and wrong where none came since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.pipeline.channels import Channel, channel_path
from app.pipeline.evidence import refused_path
from app.pipeline.operators.doctor.finding import Finding, State
from app.pipeline.services import Services
from app.storage.inbox.events import newest_events
from app.storage.inbox.rejections import list_rejections

LATELY = timedelta(hours=24)
MOST_REFUSALS = 200
MOST_SHOWN = 3
BAD_SIGNATURE, NOT_ALLOWED, WRONG_ADDRESS = "bad_signature", "address_not_allowed", "wrong_address"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused delivery, as far as it is judged: the public word, the short cause, the path, the caller."""

    error: str
    reason: str
    path: str
    remote_addr: str
    at: datetime

    @property
    def is_about_time(self) -> bool:
        """Whether the signed time was what was wrong."""
        return any(word in self.reason for word in ("timestamp", "token_time", "not_in_force"))


@dataclass(frozen=True, slots=True)
class RefusalFacts:
    """What one channel refused lately, newest first, and when it last took a genuine event."""

    channel: str
    refusals: Sequence[Refusal]
    last_event: datetime | None


def ask_refusals(services: Services, channel: Channel) -> RefusalFacts:
    """Read a channel's newest refusals, of the last day."""
    since = services.clock.now() - LATELY
    with services.database.read() as tx:
        rows = list_rejections(tx, channel=channel.name, before=None, limit=MOST_REFUSALS)
        newest = newest_events(tx, [channel.name]).get(channel.name)
    last_event = None if newest is None else newest.received_at
    recent = [_refusal(row, channel) for row in rows if row.received_at >= since]
    return RefusalFacts(channel.name, recent, last_event)


def _refusal(row: Any, channel: Channel) -> Refusal:
    cause, _, _ = row.reason.partition(":")
    return Refusal(row.error, cause, refused_path(channel, row.path), row.remote_addr, row.received_at)


def refusal_findings(facts: RefusalFacts) -> Iterator[Finding]:
    """Yield a finding for each kind of cause, those that did not occur too."""
    yield _found(facts, "signatures", _is_signature, SIGNATURES)
    yield _found(facts, "allowed_addresses", lambda each: each.error == NOT_ALLOWED, ALLOWED)
    yield _found(facts, "wrong_address", lambda each: each.error == WRONG_ADDRESS, ADDRESSES)
    yield _found(facts, "signed_time", lambda each: each.is_about_time, TIMES)


def _is_signature(refusal: Refusal) -> bool:
    return refusal.error == BAD_SIGNATURE and not refusal.is_about_time


@dataclass(frozen=True, slots=True)
class _Words:
    none: str
    some: str
    cure: str


SIGNATURES = _Words(
    "No callback was refused for its signature in the last 24 hours.",
    "Callbacks refused for their signature in the last 24 hours: %(count)s (%(reasons)s), the newest at %(at)s, from %(callers)s.",
    "Copy the secret again from the platform's console into this channel's key and restart; `flask channels list` says which key. When it is the "
    "same, a proxy may change the body: see the finding `proxies`.",
)
ALLOWED = _Words(
    "No caller was kept out by ip_allowlist or ip_denylist in the last 24 hours.",
    "Callbacks refused because of their address in the last 24 hours: %(count)s, from %(callers)s.",
    "Where these are the platform's addresses, add them to ip_allowlist of this channel. Where they are your proxy's, set TRUSTED_PROXIES "
    "to the number of proxies in front.",
)
ADDRESSES = _Words(
    "Nobody missed this channel's address by a slip in the last 24 hours.",
    "Requests that missed this channel's address in the last 24 hours: %(count)s; they asked for %(paths)s.",
    "In the platform's console write exactly the address that `flask channels list` prints (%(address)s), without anything before or behind it; where "
    "the console is right, a proxy changes the path.",
)
TIMES = _Words(
    "No callback was refused for its time in the last 24 hours.",
    "Callbacks refused because their signed time is too far from this machine's: %(count)s (%(reasons)s), the newest at %(at)s.",
    "Set this machine's clock by NTP (`timedatectl set-ntp true`); the finding `clock` says how far it is off. Old requests that somebody sends again are refused too.",
)


def _found(facts: RefusalFacts, name: str, belongs: Callable[[Refusal], bool], words: _Words) -> Finding:
    own = [refusal for refusal in facts.refusals if belongs(refusal)]
    if not own:
        return Finding(name, "ok", words.none, about=facts.channel)
    came_since = facts.last_event is not None and facts.last_event > own[-1].at
    state: State = "warn" if came_since else "wrong"
    return Finding(name, state, words.some, words.cure, _values(facts.channel, own), about=facts.channel)


def _values(channel: str, own: Sequence[Refusal]) -> dict[str, Any]:
    return {
        "count": f"{MOST_REFUSALS} or more" if len(own) == MOST_REFUSALS else len(own),
        "reasons": _some(refusal.reason for refusal in own),
        "callers": _some(refusal.remote_addr for refusal in own),
        "paths": _some(refusal.path for refusal in own),
        "at": own[0].at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "address": channel_path(channel),
    }


def _some(texts: Any) -> str:
    different = list(dict.fromkeys(texts))
    more = f" and {len(different) - MOST_SHOWN} more" if len(different) > MOST_SHOWN else ""
    return ", ".join(different[:MOST_SHOWN]) + more
