"""Reads whom an event in one of our own formats is about."""

from __future__ import annotations

SUBJECT_FIELDS = ("user_id", "open_id")


def subject_of(data: object) -> str | None:
    """Return the first of the fields that names somebody with text a database can keep, None when none does."""
    if not isinstance(data, dict):
        return None
    named = (data.get(name) for name in SUBJECT_FIELDS)
    return next((value for value in named if isinstance(value, str) and value and "\x00" not in value), None)
