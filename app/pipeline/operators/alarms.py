"""Alarms as people see them: what needs somebody now, since when, and where something can be done about it."""

from __future__ import annotations

from typing import Any

from app.core.errors import RequestError
from app.core.moments import as_text
from app.pipeline.services import Services
from app.pipeline.watch.speaking import link_of, send_test, speaks
from app.pipeline.watch.words import details, headline
from app.storage.alarms import Alarm, list_alarms


def current_alarms(services: Services, *, language: str = "en") -> list[dict[str, Any]]:
    """Return the alarms that are on, those that began last first, with their sentences in a language (`en` or `zh`)."""
    with services.database.read() as tx:
        alarms = [alarm for alarm in list_alarms(tx) if alarm.began_at is not None]
    newest_first = sorted(alarms, key=lambda alarm: alarm.began_at or alarm.seen_at, reverse=True)
    return [_view(services, alarm, language) for alarm in newest_first]


def send_test_message(services: Services) -> str:
    """Send a message where the watch speaks and return its id; raises RequestError with what to change."""
    if not speaks(services.watch):
        raise RequestError(
            "watch_is_quiet",
            "The watch has nobody to speak to; name channels or message groups under [watch] in the channels file.",
        )
    return send_test(services)


def _view(services: Services, alarm: Alarm, language: str) -> dict[str, Any]:
    return {
        "kind": alarm.kind.value,
        "subject": alarm.subject or None,
        "sentence": headline(alarm, language),
        "details": details(alarm, language),
        "facts": dict(alarm.facts),
        "began_at": as_text(alarm.began_at),
        "seen_at": as_text(alarm.seen_at),
        "told_at": as_text(alarm.told_at),
        "link": link_of(services.settings, alarm.kind, alarm.subject),
    }
