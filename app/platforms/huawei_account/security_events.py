"""What a message of Huawei Account says: one object in the form of a security event token, or a list of them. Pure.

Source: the page named in the package, "处理通知消息" (read 2026-11-28); RFC 8417 §2 for the names. What is odd: the body is plain JSON and
the signed token stands in a header, so nothing here is more than the sender's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from app.core.errors import PayloadError
from app.core.values import ParsedEvent
from app.security.strict_json import parse_json

PREFIX: Final = "https://schemas.openid.net/secevent/"
MOST_MESSAGES: Final = 1000
MOST_EVENTS: Final = 16
LONGEST_ID: Final = 128
LATEST: Final = 253_402_300_800


def read_messages(body: bytes) -> tuple[Mapping[str, Any], ...]:
    """Return the messages of a body; raises PayloadError for what is none."""
    try:
        said = parse_json(body)
    except ValueError as error:
        raise PayloadError(
            "not_json", message=f"The body must be JSON, and this one is not: {error}."
        ) from error
    listed = said if isinstance(said, list) else [said]
    messages = tuple(
        each for each in listed if isinstance(each, dict) and isinstance(each.get("events"), dict)
    )
    if not 0 < len(listed) <= MOST_MESSAGES or len(messages) != len(listed):
        raise PayloadError(
            "no_events", message="Each message must be an object with `events`; one of them, or a list."
        )
    return messages


def events_of(message: Mapping[str, Any]) -> Iterator[ParsedEvent]:
    """Yield what happened, an event for each entry of `events`; raises PayloadError."""
    events, identifier = message["events"], message.get("jti")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= LONGEST_ID:
        raise PayloadError("bad_jti", message="Each message must have its id in `jti`.")
    if not 0 < len(events) <= MOST_EVENTS:
        raise PayloadError("no_events", message="`events` of a message must hold what happened.")
    for address, said in events.items():
        kind = _name(address)
        yield ParsedEvent(
            kind,
            identifier if len(events) == 1 else f"{identifier}:{kind}",
            dict(message),
            subject=_subject(said),
            occurred_at=_moment(message.get("iat")),
        )


def _name(address: str) -> str:
    """Return the name that Huawei's table gives an event (`account-purged`); one of another kind is its whole address."""
    name = address.rpartition("/")[2]
    return name if name and address.startswith(PREFIX) else address or "event"


def _subject(said: object) -> str | None:
    """Return the person's OpenID, by which a login knows them too; the UnionID where there is none."""
    subject = said.get("subject") if isinstance(said, Mapping) else None
    if not isinstance(subject, Mapping):
        return None
    found = [subject.get(name) for name in ("extra", "sub")]
    return next((each for each in found if isinstance(each, str) and each), None)


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < LATEST:
        return None
    return datetime.fromtimestamp(value, UTC)
