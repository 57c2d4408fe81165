"""What a decoded Feishu body is and says: its shape, its token, whom it is about, when it happened, its key.

Everything works on a JSON object that was already opened; nothing here decides whether to believe it.
Source: Feishu Open Platform, pages 事件概述, 接收消息 and 回调概述 (read 2026-11-20).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from app.core.errors import PayloadError

OLD_CARD_TYPE: Final = "card.action.trigger_v1"
CARD_TYPE: Final = "card.action.trigger"
MESSAGE_TYPE: Final = "im.message.receive_v1"
CALLBACK_TYPES: Final = frozenset({CARD_TYPE, OLD_CARD_TYPE, "url.preview.get"})
"""Callbacks want an answer and are never sent again; everything else is an event."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MAX_NAME_LENGTH: Final = 200
FRACTIONAL_SECONDS = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,9}))?")
MICROSECONDS_PER_UNIT: Final = {10: 1_000_000, 13: 1_000, 16: 1}
"""By number of digits: events carry milliseconds, card callbacks microseconds."""

SUBJECT_PATHS: Final = (
    ("sender", "sender_id", "open_id"),
    ("sender", "open_id"),
    ("operator", "open_id"),
    ("operator", "operator_id", "open_id"),
    ("operator_id", "open_id"),
    ("user", "open_id"),
    ("user", "user_id", "open_id"),
    ("user_id", "open_id"),
    ("reader", "reader_id", "open_id"),
    ("object", "open_id"),
    ("open_id",),
)
"""Where an event names a person, the one who acted first."""


class Shape(Enum):
    """The four forms a decoded body can have."""

    CHALLENGE = "challenge"
    V1 = "event v1"
    V2 = "event v2"
    OLD_CARD = "old card"


TOKEN_FIELDS: Final = {Shape.CHALLENGE: "token", Shape.V1: "token", Shape.V2: "header.token"}
"""Where each form carries the Verification Token; an old card carries none."""


def shape_of(content: Mapping[str, Any]) -> Shape | None:
    """Return the form of a decoded body, None when it is none of Feishu's.

    Only the exact type `url_verification` is a challenge; an event may carry a `type` and a `challenge` too.
    """
    if content.get("type") == "url_verification":
        return Shape.CHALLENGE
    if "schema" in content:
        return Shape.V2 if content["schema"] == "2.0" and isinstance(content.get("header"), dict) else None
    event = content.get("event")
    if "uuid" in content and isinstance(event, dict) and "type" in event:
        return Shape.V1
    is_old_card = isinstance(content.get("open_message_id"), str) and isinstance(content.get("action"), dict)
    return Shape.OLD_CARD if is_old_card and not {"header", "type", "uuid"} & content.keys() else None


def claimed_token(shape: Shape, content: Mapping[str, Any]) -> str:
    """Return the Verification Token a body carries, "" when it carries none."""
    token = content["header"].get("token") if shape is Shape.V2 else content.get("token")
    return token if isinstance(token, str) else ""


def is_for_app(shape: Shape, content: Mapping[str, Any], app_id: str) -> bool:
    """Tell whether a body is addressed to this app; a challenge names none, and a v1 event need not."""
    if shape is Shape.V2:
        return bool(content["header"].get("app_id") == app_id)
    if shape is Shape.V1:
        return bool(content["event"].get("app_id", app_id) == app_id)
    return True


def event_type(shape: Shape, content: Mapping[str, Any]) -> str:
    """Return the event's type in Feishu's own words; raises PayloadError."""
    if shape is Shape.OLD_CARD:
        return OLD_CARD_TYPE
    value = content["header"].get("event_type") if shape is Shape.V2 else content["event"].get("type")
    return _name(value, "missing_event_type")


def event_key(shape: Shape, content: Mapping[str, Any], kind: str) -> str | None:
    """Return the key that makes a redelivery a duplicate, None for a callback without an id.

    Raises PayloadError. A message may arrive under several event ids, so its own id is the key (page 接收消息).
    The prefixes keep the kinds of ids apart.
    """
    if shape is Shape.V1:
        return "v1:" + _name(content["uuid"], "missing_event_id")
    message_id = _at(content, ("event", "message", "message_id")) if kind == MESSAGE_TYPE else None
    if message_id is not None:
        return "message:" + _name(message_id, "missing_event_id")
    event_id = content["header"].get("event_id")
    if event_id is None and kind in CALLBACK_TYPES:
        return None
    return "event:" + _name(event_id, "missing_event_id")


def subject_of(shape: Shape, content: Mapping[str, Any]) -> str | None:
    """Return the open_id of the person a body is about, None when it names none."""
    about = content if shape is Shape.OLD_CARD else content.get("event")
    for path in SUBJECT_PATHS:
        found = _at(about, path)
        if isinstance(found, str) and 0 < len(found) <= MAX_NAME_LENGTH and found.isprintable():
            return found
    return None


def occurred_at(shape: Shape, content: Mapping[str, Any]) -> datetime | None:
    """Return when it happened, None when the body does not say so in a form that is known."""
    if shape is Shape.V2:
        return _from_digits(str(content["header"].get("create_time", "")))
    return _from_fraction(str(content.get("ts", ""))) if shape is Shape.V1 else None


def _from_digits(digits: str) -> datetime | None:
    unit = MICROSECONDS_PER_UNIT.get(len(digits))
    if unit is None or not (digits.isascii() and digits.isdigit()):
        return None
    return EPOCH + timedelta(microseconds=int(digits) * unit)


def _from_fraction(text: str) -> datetime | None:
    match = FRACTIONAL_SECONDS.fullmatch(text)
    if match is None:
        return None
    microseconds = (match[2] or "").ljust(6, "0")[:6]
    return EPOCH + timedelta(seconds=int(match[1]), microseconds=int(microseconds))


def _at(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _name(value: object, reason: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH and value.isprintable():
        return value
    field = reason.removeprefix("missing_")
    raise PayloadError(
        reason, message=f"The body has no usable {field}: 1 to {MAX_NAME_LENGTH} printable characters."
    )
