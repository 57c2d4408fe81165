"""Notifications as operators see them: what there is, what one would say about an event, and a test message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.config.notifications import NotificationConfig
from app.core.errors import RefusedError, RequestError
from app.core.identifiers import new_id
from app.core.sending import Sender
from app.core.values import Event
from app.pipeline.sending.accept import AcceptedMessage, Order, accept_message, judged, kinds_of, parts_of
from app.pipeline.sending.notices import Notification
from app.pipeline.sending.notifications import NotificationRoute
from app.pipeline.sending.quiet_hours import quiet_until
from app.pipeline.sending.templates import TemplateFault
from app.pipeline.sending.wanted import Wanted, read_wanted
from app.pipeline.services import Services
from app.storage.inbox.events import find_events
from app.storage.messages.notifications import count_outcomes

COUNTED = timedelta(days=1)
EVENT_ID = re.compile("[0-9a-f]{32}")


def list_notifications(services: Services) -> list[dict[str, Any]]:
    """Return every notification, with what became of its events in the last 24 hours."""
    with services.database.read() as tx:
        counts = count_outcomes(tx, services.clock.now() - COUNTED)
    return [_shown(each.config, counts) for each in _all(services)]


def _shown(config: NotificationConfig, counts: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Return what stands in the channels file but whom it goes to, and the counts."""
    written = config.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"limit", "to"})
    if config.limit is not None:
        most, seconds, is_per_key = config.limit
        written["limit"] = {"most": most, "seconds": seconds, "per_key": is_per_key}
    last_day = {outcome: count for (name, outcome), count in counts.items() if name == config.name}
    return written | {"last_day": last_day}


def preview_notification(services: Services, name: str, event_id: str | None) -> dict[str, Any]:
    """Return what a notification would say about a stored event, or a made-up one, and what each channel would get; sends nothing.

    Raises RequestError: `unknown_notification`, `unknown_event`, or what is wrong with the template or the message.
    """
    notification = _named(services, name)
    event = _event(services, notification, event_id)
    wanted = _wanted(services, notification, event)
    hours = notification.config.quiet_hours
    return {
        "event": event.id if event_id else None,
        "is_matched": notification.config.takes(event.channel, event.platform, event.type),
        "is_meant": _asked(lambda: notification.is_meant(event)),
        "is_quiet": hours is not None and quiet_until(hours, services.clock.now()) is not None,
        "title": wanted.message.title,
        "text": wanted.message.text,
        "channels": [_parts_shown(services, wanted, channel) for channel in wanted.channels],
    }


def send_test(services: Services, name: str, event_id: str | None, *, actor: str) -> AcceptedMessage:
    """Send what a notification says about an event, or a made-up one, whatever its conditions say."""
    notification = _named(services, name)
    event = _event(services, notification, event_id)
    body = _asked(lambda: notification.body(notification.say([event])))
    return accept_message(services, body, Order(actor))


def _all(services: Services) -> Sequence[Notification]:
    return [route.notification for route in services.notifications if isinstance(route, NotificationRoute)]


def _named(services: Services, name: str) -> Notification:
    found = next((each for each in _all(services) if each.name == name), None)
    if found is None:
        names = ", ".join(each.name for each in _all(services)) or "none"
        raise RefusedError(
            "unknown_notification",
            f"No notification is called {name[:64]!r}; those of the channels file: {names[:500]}.",
            http_status=404,
        )
    return found


def _event(services: Services, notification: Notification, event_id: str | None) -> Event:
    if event_id is None:
        return _made_up(services, notification)
    if EVENT_ID.fullmatch(event_id):
        with services.database.read() as tx:
            found = find_events(tx, [event_id]).get(event_id)
        if found is not None:
            return found
    raise RefusedError(
        "unknown_event", "No such event; `flask events list` shows those there are.", http_status=404
    )


def _made_up(services: Services, notification: Notification) -> Event:
    """Return an event that says nothing, of the first kind the notification is for."""
    now = services.clock.now()
    channel, _, event_type = notification.config.match[0].partition(":")
    return Event(
        id=new_id(now),
        channel=channel,
        platform=channel,
        type=event_type,
        key="test",
        subject="test",
        occurred_at=now,
        received_at=now,
        data={},
        raw=b"{}",
        headers=(),
    )


def _wanted(services: Services, notification: Notification, event: Event) -> Wanted:
    body = _asked(lambda: notification.body(notification.say([event])))
    return judged(services, read_wanted(body))


def _parts_shown(services: Services, wanted: Wanted, name: str) -> dict[str, Any]:
    channel = services.channels.get(name)
    sender = None if channel is None else channel.as_capability(Sender)
    if channel is None or sender is None:
        return {"channel": name, "parts": []}
    parts = [part for kind in kinds_of(wanted) for part in parts_of(channel, sender, wanted, kind)]
    return {"channel": name, "parts": [part.preview for part in parts]}


def _asked(question: Any) -> Any:
    """Return an answer of a notification; what is wrong with its template is the asker's to read."""
    try:
        return question()
    except TemplateFault as fault:
        raise RequestError("bad_template", str(fault)) from None
