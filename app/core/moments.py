"""Reads the ways in which senders write a point in time. No clock here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 64
LONGEST_NUMBER_BITS = 70

SECONDS_BELOW = 10**11
UNITS = (
    (Decimal(SECONDS_BELOW), Decimal(1_000_000)),
    (Decimal(10) ** 14, Decimal(1_000)),
    (Decimal(10) ** 17, Decimal(1)),
    (Decimal(10) ** 20, Decimal("0.001")),
)
"""Below this number it is counted in that many microseconds: seconds, milli-, micro- or nanoseconds since 1970.

Each reading of a number lies between the years 1973 and 5138; of the other three none does.
"""

COMPACT = {14: "%Y%m%d%H%M%S", 8: "%Y%m%d"}
"""Digits that are plainly a calendar date: as a number they would lie in 1970 or centuries ahead."""

HOUR_24 = re.compile("[Tt ]24")


def moment_from(value: object) -> datetime | None:
    """Return the moment a JSON value names, None for null; raises ValueError for anything that is not a time.

    Taken are seconds, milli-, micro- and nanoseconds since 1970, as a number or as text, ISO 8601, the dates of HTTP
    and mail, and dates in digits (20260131080000). UTC unless the text says otherwise.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a time")
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER_BITS:
        raise ValueError("not a time")
    if isinstance(value, int) and 0 <= value < SECONDS_BELOW:
        return EPOCH + timedelta(seconds=value)
    return _from_number(Decimal(value))


def moment_or_none(value: object) -> datetime | None:
    """Return the moment a value names, None where it names none; for senders whose time nobody judges."""
    try:
        return moment_from(value)
    except ValueError:
        return None


def iso_moment(text: str) -> datetime:
    """Return the moment an ISO 8601 text names, in UTC, which it means unless it says otherwise; raises ValueError.

    A moment that lies outside the years 1 to 9999 once it is in UTC is refused too: nothing could write it down. So is
    the hour 24, which only newer versions of Python take.
    """
    if not 0 < len(text) <= LONGEST_TEXT or not text.isprintable() or HOUR_24.search(text) is not None:
        raise ValueError("not a time")
    return _in_utc(datetime.fromisoformat(text))


def _from_text(text: str) -> datetime:
    if not 0 < len(text) <= LONGEST_TEXT or not text.isascii():
        raise ValueError("not a time")
    if text.isdigit() and (moment := _from_compact(text)) is not None:
        return moment
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _from_words(text)
    return _from_number(number)


def _from_compact(digits: str) -> datetime | None:
    form = COMPACT.get(len(digits))
    try:
        return None if form is None else datetime.strptime(digits, form).replace(tzinfo=UTC)
    except ValueError:
        return None


def _from_number(number: Decimal) -> datetime:
    if not number.is_finite():
        raise ValueError("not a time")
    unit = next((each for below, each in UNITS if number.copy_abs() < below), None)
    if unit is None:
        raise ValueError("not a time")
    try:
        return EPOCH + timedelta(microseconds=int((number * unit).to_integral_value()))
    except (OverflowError, ArithmeticError) as error:
        raise ValueError("not a time") from error


def _from_words(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _from_mail(text)
    return _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a time") from error


def _from_mail(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise ValueError("not a time") from error


def as_text(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 with milliseconds and Z."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
