"""Reading what operators write: times, states, names, reasons. Each bad one is refused with a sentence."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from app.core.errors import RequestError
from app.core.moments import iso_moment
from app.core.storable import is_storable

S = TypeVar("S", bound=StrEnum)
LONGEST_FILTER = 1000
MAX_REASON = 200


def filter_text(name: str, text: str | None, *, longest: int = LONGEST_FILTER) -> str | None:
    """Return a text to look for, None where it is empty; raises RequestError."""
    if not text:
        return None
    if not is_storable(text, longest):
        raise RequestError(
            "bad_filter",
            f"{name} must be text of {longest} characters at most, without NUL and half characters.",
        )
    return text


def filter_time(name: str, text: str | None) -> datetime | None:
    """Return the moment a parameter names; raises RequestError."""
    if text is None:
        return None
    try:
        return iso_moment(text)
    except ValueError:
        raise RequestError(
            "bad_time",
            f"{name} must be a time such as 2026-01-31T08:00:00Z, in UTC within the years 1 to 9999; in an address a + is "
            "written %2B.",
        ) from None


def filter_state(states: type[S], text: str | None) -> S | None:
    """Return the state a parameter names; raises RequestError."""
    if text is None:
        return None
    if text not in set(states):
        raise RequestError("bad_state", "state must be one of " + ", ".join(states) + ".")
    return states(text)


def read_reason(value: object) -> str:
    """Return why somebody does something; raises RequestError."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_REASON:
        raise RequestError("bad_reason", f"reason must say why, in 1 to {MAX_REASON} characters.")
    return text
