"""Recipients that are looked up while a message runs: everybody bound to an app, a page at a time, never all in memory."""

from __future__ import annotations

from app.core.sending import Recipient
from app.pipeline.sending.accept import LOOKED_UP_KIND
from app.pipeline.sending.departures import Outgoing
from app.pipeline.sending.wanted import addressees_of
from app.pipeline.services import Services
from app.storage.binding.openids import list_bound
from app.storage.messages.progress import Leg, Page, store_pages
from app.storage.queue.claims import LeaseLostError

PAGE = 200


def look_up(services: Services, out: Outgoing) -> Leg:
    """Store the next page of recipients and return where the message stands now.

    The place of the next page is stored with it, so that whoever goes on after a crash asks for no page twice.
    """
    place, _, after = (out.leg.next_lookup or "").partition(":")
    named, apps = addressees_of(out.event.data)
    at = int(place)
    with services.database.read() as tx:
        found = list_bound(tx, apps[at], out.channel.name, after=after, limit=PAGE, but_not_of=apps[:at])
    next_lookup = _next(at, apps, found[-1].id if len(found) == PAGE else None)
    people = (Recipient(LOOKED_UP_KIND, each.open_id) for each in found)
    recipients = tuple(person for person in people if person not in named)
    page = Page(out.claim, out.leg, recipients, next_lookup, services.clock.now())
    if not services.accepts.run(store_pages, page):
        raise LeaseLostError
    first = out.leg.recipients
    return out.leg._replace(recipients=first + len(recipients), page_start=first, next_lookup=next_lookup)


def _next(place: int, apps: tuple[str, ...], last_id: str | None) -> str | None:
    if last_id is not None:
        return f"{place}:{last_id}"
    return f"{place + 1}:" if place + 1 < len(apps) else None
