"""What arrived at one channel, newest first: set-up checks, events, and what was refused with its cause and cure.

Also what was meant for it and came to an address that is none: a wrong letter at the platform is found here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any, Literal

from app.core.errors import RefusedError, RequestError
from app.core.moments import as_text, iso_moment
from app.pipeline.channels import Channel, DisabledChannel
from app.pipeline.evidence import WEBHOOKS, refused_path
from app.pipeline.inbound.set_up_checks import write_noted_checks
from app.pipeline.operators.cure_words import NOT_ENTERED, Words
from app.pipeline.operators.remedies import configured, in_both, remedy_of
from app.pipeline.services import Services
from app.storage.channel_checks import list_checks
from app.storage.database.db import StoredRow, Transaction
from app.storage.inbox.events import EventFilter
from app.storage.inbox.rejections import NO_CHANNEL, list_rejections
from app.storage.queue.event_lists import list_events

MOST = 50
OVERLAP = timedelta(seconds=5)
"""What began before another one may be stored after it, so a little is told twice; `id` tells."""

ALIKE = 0.75
"""How alike a name that does not exist must be to count as meant for a channel."""

Kind = Literal["check", "event", "refused", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that came. `outcome` is `passed`, an event's state, or the word of the refusal; `detail` is its sentence."""

    id: str
    kind: Kind
    at: datetime
    method: str
    what: str
    outcome: str
    detail: str = ""
    cause: Words | None = None
    cure: Words | None = None
    event_id: str | None = None
    remote_addr: str = ""
    trace_id: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether it was turned away."""
        return self.kind in ("refused", "elsewhere")

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "at": as_text(self.at),
            "method": self.method,
            "what": self.what,
            "outcome": self.outcome,
            "detail": self.detail,
            "cause": in_both(self.cause),
            "cure": in_both(self.cure),
            "event_id": self.event_id,
            "remote_addr": self.remote_addr,
            "trace_id": self.trace_id,
        }


def arrivals(services: Services, name: str, after: str | None = None) -> list[Arrival]:
    """Return what arrived, newest first, after a time where one is given; raises RefusedError for an unknown channel.

    A little of what is older than `after` comes too.
    """
    configured_channel(services, name)
    since = None if after is None else _time(after)
    write_noted_checks(services)
    with services.database.read() as tx:
        found = [*_checks(tx, name), *_events(tx, name, since), *_refused(services, tx, name)]
        found += _elsewhere(services, tx, name)
    newest = sorted(found, key=lambda each: (each.at, each.id), reverse=True)
    return [each for each in newest if since is None or each.at >= since][:MOST]


def arrivals_page(services: Services, name: str, after: str | None) -> dict[str, Any]:
    """Return arrivals as JSON, with the time after which the next question begins."""
    found = arrivals(services, name, after)
    newest = as_text(found[0].at) if found else after
    return {"items": [each.as_json() for each in found], "after": newest}


def configured_channel(services: Services, name: str) -> Channel | DisabledChannel:
    """Return a channel of the file, whether it takes part or not; raises RefusedError 404."""
    if (channel := configured(services, name)) is not None:
        return channel
    raise RefusedError(
        "unknown_channel",
        "There is no such channel in the channels file; `flask channels list` shows those that exist.",
        http_status=404,
    )


def _time(text: str) -> datetime:
    try:
        return iso_moment(text) - OVERLAP
    except (ValueError, OverflowError):
        raise RequestError("bad_time", "after must be a time such as 2026-01-31T08:00:00Z.") from None


def _checks(tx: Transaction, name: str) -> Iterable[Arrival]:
    for row in list_checks(tx, name):
        yield Arrival(
            f"check:{row.id}", "check", row.at, row.method, row.kind, "passed", trace_id=row.trace_id
        )


def _events(tx: Transaction, name: str, since: datetime | None) -> Iterable[Arrival]:
    wanted = EventFilter(channel=name, since=since)
    for row in list_events(tx, wanted, before=None, limit=MOST):
        yield Arrival(
            f"event:{row.id}", "event", row.received_at, "POST", row.type, row.state, event_id=row.id
        )


def _refused(services: Services, tx: Transaction, name: str) -> Iterable[Arrival]:
    for row in list_rejections(tx, channel=name, before=None, limit=MOST):
        word, _, sentence = row.reason.partition(": ")
        remedy = remedy_of(services, row)
        shown = _rejected(row, "refused", word, sentence)
        path = refused_path(services.channels.get(name), row.path)
        yield replace(shown, what=path, cause=remedy.cause, cure=remedy.cure)


def _elsewhere(services: Services, tx: Transaction, name: str) -> Iterable[Arrival]:
    for row in list_rejections(tx, channel=NO_CHANNEL, before=None, limit=MOST):
        if _is_meant_for(services, name, row.path):
            shown = _rejected(row, "elsewhere", row.error, refused_path(None, row.path))
            yield replace(shown, cause=NOT_ENTERED.cause, cure=NOT_ENTERED.cure)


def _is_meant_for(services: Services, name: str, path: str) -> bool:
    """Say whether an unknown address names something like a channel, first or last."""
    parts = path.removeprefix(WEBHOOKS).strip("/").split("/")
    return any(
        not services.channels.is_configured(asked) and SequenceMatcher(None, asked, name).ratio() >= ALIKE
        for asked in (parts[0], parts[-1])
    )


def _rejected(row: StoredRow, kind: Kind, word: str, sentence: str) -> Arrival:
    return Arrival(
        id=f"rejection:{row.id}",
        kind=kind,
        at=row.received_at,
        method=row.method,
        what=refused_path(None, row.path),
        outcome=word,
        detail=sentence,
        remote_addr=row.remote_addr,
        trace_id=row.trace_id,
    )
