"""Cursors: where the next page of a list begins, as text that callers hand back unread."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta

from app.core.errors import RequestError
from app.storage.database.db import EPOCH

DIGITS = 19
"""A number of fewer digits fits into eight bytes, which is what the databases have for an id."""


def encode_cursor(at: datetime, event_id: str) -> str:
    """Return where a page ends, as text for the caller."""
    micros = (at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{event_id}".encode()).decode().rstrip("=")


def decode_cursor(text: str | None) -> tuple[datetime, str] | None:
    """Return the time and id a cursor names, None for the first page; raises RequestError."""
    if text is None:
        return None
    try:
        micros, _, event_id = (
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").partition(".")
        )
        return EPOCH + timedelta(microseconds=int(micros)), event_id
    except (ValueError, binascii.Error, OverflowError):
        raise bad_cursor() from None


def id_cursor(text: str | None) -> int | None:
    """Return the number a cursor is where lists go by a numbered id, None for the first page; raises RequestError."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < DIGITS):
        raise bad_cursor()
    return int(text)


def bad_cursor() -> RequestError:
    """Return the refusal of a cursor that is none of ours."""
    return RequestError("bad_cursor", "cursor must be the next_cursor of the page before.")
