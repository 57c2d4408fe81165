"""Quiet hours: whether a moment lies in them, and when they end. Pure; the time of day is that of the place they name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.config.notifications import QuietHours


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """Return when the quiet hours end that a moment lies in, None when it lies in none."""
    local = now.astimezone(ZoneInfo(hours.zone))
    time_of_day = local.time()
    if hours.begin < hours.end:
        is_quiet, is_tomorrow = hours.begin <= time_of_day < hours.end, False
    else:
        is_quiet, is_tomorrow = not hours.end <= time_of_day < hours.begin, time_of_day >= hours.begin
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=is_tomorrow)
    return datetime.combine(day, hours.end, tzinfo=local.tzinfo).astimezone(UTC)
