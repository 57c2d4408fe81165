"""What a caller asks to be sent, read from the body of a request and bounded; and the same as it stands in the event's data. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.config.lifetimes import lifetime_seconds
from app.core.errors import RequestError
from app.core.sending import ACCOUNT, FORMATS, Message, Recipient
from app.core.storable import is_storable
from app.core.values import JSON
from app.core.visible import is_one_line

KEYS = frozenset(
    {
        "channel", "channels", "to", "type", "content", "title", "text", "format", "mentions", "fallback",
        "repeat_unknown", "lifetime",
    }
)  # fmt: skip
NATIVE, WRITTEN = ("type", "content"), ("title", "text", "format", "mentions")
KINDS = ("open_id", "user_id", "chat_id", "department", "tag", "email", ACCOUNT, "robot")
APP = "app"
TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
ACCOUNT_VALUE = re.compile(r"[A-Za-z0-9_-]{1,64}/[A-Za-z0-9_-]{1,128}")
MOST_RECIPIENTS = 1_000
MOST_CHANNELS = 16
MOST_VALUE = 255
MOST_TITLE = 1_000
MOST_MENTIONS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message as it was asked for.

    `channels` may hold names of groups. Without recipients and apps it is for the robot of each channel. `apps` are for
    everybody bound to them.
    """

    channels: tuple[str, ...]
    message: Message
    recipients: tuple[Recipient, ...] = ()
    apps: tuple[str, ...] = ()
    is_fallback: bool = False
    repeats_unknown: bool = False
    lifetime: int | None = None
    """For how many seconds it may wait; that of each channel unless it is said."""

    def as_data(self) -> dict[str, Any]:
        """Return what the event keeps; of what was not said nothing stands there."""
        message = self.message
        said: dict[str, Any] = {
            "type": message.type,
            "content": dict(message.content),
            "title": message.title,
            "text": message.text,
            "format": "" if message.is_native else message.format,
            "mentions": list(message.mentions),
            "repeat_unknown": self.repeats_unknown,
            "lifetime": self.lifetime,
        }
        to = [{each.kind: each.value} for each in self.recipients] + [{APP: each} for each in self.apps]
        return {"channels": list(self.channels), "to": to} | {
            name: value for name, value in said.items() if value
        }


def read_wanted(body: Mapping[str, Any]) -> Wanted:
    """Read a request; raises RequestError that names the key at fault and the cure."""
    if unknown := sorted(set(body) - KEYS):
        raise RequestError(
            "unknown_field",
            f"The body may hold {', '.join(sorted(KEYS))} and not {', '.join(unknown)[:200]}.",
        )
    recipients, apps = _addressees(body.get("to"))
    return Wanted(
        channels=_channels(body),
        message=_message(body),
        recipients=recipients,
        apps=apps,
        is_fallback=_flag(body, "fallback"),
        repeats_unknown=_flag(body, "repeat_unknown"),
        lifetime=_lifetime(body.get("lifetime")),
    )


def message_of(data: JSON) -> Message:
    """Return the message that stands in an event's data."""
    return Message(
        type=data.get("type", ""),
        content=data.get("content", {}),
        title=data.get("title", ""),
        text=data.get("text", ""),
        format=data.get("format", "markdown"),
        mentions=tuple(data.get("mentions", ())),
    )


def repeats_unknown(data: JSON) -> bool:
    """Say whether an event's data allows to send again what may have arrived."""
    return bool(data.get("repeat_unknown"))


def addressees_of(data: JSON) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    """Return the recipients and the apps that stand in an event's data."""
    pairs = [pair for each in data.get("to", ()) for pair in each.items()]
    return (
        tuple(Recipient(kind, value) for kind, value in pairs if kind != APP),
        tuple(value for kind, value in pairs if kind == APP),
    )


def _channels(body: Mapping[str, Any]) -> tuple[str, ...]:
    one, several = body.get("channel"), body.get("channels")
    if (one is None) == (several is None):
        raise RequestError("bad_channels", "Name either channel or channels: one name, or a list of names.")
    names = [one] if several is None else several
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(each, str) and each for each in names):
        raise RequestError("bad_channels", "channels must be a list of names of channels or message groups.")
    if not 0 < len(names) <= MOST_CHANNELS:
        raise RequestError("bad_channels", f"channels must hold 1 to {MOST_CHANNELS} names.")
    return tuple(dict.fromkeys(names))


def _addressees(value: object) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    if value is None:
        return (), ()
    entries = value if isinstance(value, list) else [value]
    if not 0 < len(entries) <= MOST_RECIPIENTS:
        raise RequestError(
            "bad_recipient",
            f"to must hold 1 to {MOST_RECIPIENTS:,} recipients; more are reached by their app.",
        )
    pairs = dict.fromkeys(_pair(each) for each in entries)
    return (
        tuple(Recipient(kind, value) for kind, value in pairs if kind != APP),
        tuple(value for kind, value in pairs if kind == APP),
    )


def _pair(entry: object) -> tuple[str, str]:
    if isinstance(entry, dict) and set(entry) == {ACCOUNT, "open_id"}:
        entry = {ACCOUNT: f"{entry[ACCOUNT]}/{entry['open_id']}"}
    if not isinstance(entry, dict) or len(entry) != 1:
        raise RequestError(
            "bad_recipient", f'Each recipient has one key, one of {_kinds()}: {{"user_id": "u1"}}.'
        )
    ((kind, value),) = entry.items()
    if kind not in (*KINDS, APP):
        raise RequestError("bad_recipient", f"A recipient's key must be one of {_kinds()}.")
    if kind == "robot":
        if value not in ("", True, None):
            raise RequestError("bad_recipient", 'A robot has no address of its own; write {"robot": ""}.')
        return kind, ""
    if (
        not isinstance(value, str)
        or not value
        or not is_storable(value, MOST_VALUE)
        or not value.isprintable()
    ):
        raise RequestError("bad_recipient", f"{kind} must be text of 1 to {MOST_VALUE} printable characters.")
    if kind == ACCOUNT and not ACCOUNT_VALUE.fullmatch(value):
        raise RequestError(
            "bad_recipient",
            'A person of an account is {"account": "<AppID>", "open_id": "<OpenID>"}; in a terminal account:<AppID>/<OpenID>.',
        )
    return kind, value


def _kinds() -> str:
    return ", ".join((*KINDS, APP))


def _message(body: Mapping[str, Any]) -> Message:
    native, written = (_given(body, names) for names in (NATIVE, WRITTEN))
    if native and written:
        raise RequestError(
            "bad_message",
            f"Say it in the platform's own words (type, content) or as title and text, not both: {', '.join((*native, *written))}.",
        )
    return _native(body) if native else _written(body)


def _given(body: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [name for name in names if body.get(name) is not None]


def _native(body: Mapping[str, Any]) -> Message:
    type_, content = body.get("type"), body.get("content")
    if not isinstance(type_, str) or not TYPE.fullmatch(type_):
        raise RequestError(
            "bad_message",
            "type must be a word of the platform, such as text, and content is needed beside it.",
        )
    if not isinstance(content, dict):
        raise RequestError("bad_message", "content must be a JSON object in the platform's own form.")
    return Message(type=type_, content=content)


def _written(body: Mapping[str, Any]) -> Message:
    title, text = _text(body, "title", is_one_line), _text(body, "text", lambda _: True)
    if not title.strip() and not text.strip():
        raise RequestError(
            "no_text", "There is nothing to say: give text, or title and text, or type and content."
        )
    if len(title) > MOST_TITLE:
        raise RequestError("bad_message", f"title must have {MOST_TITLE:,} characters at most.")
    format_ = "markdown" if body.get("format") in (None, "") else body["format"]
    if format_ not in FORMATS:
        raise RequestError("bad_message", f"format must be one of {', '.join(FORMATS)}.")
    return Message(
        title=title,
        text=text,
        format=format_,
        mentions=_mentions([] if body.get("mentions") is None else body["mentions"]),
    )


def _text(body: Mapping[str, Any], name: str, is_fine: Callable[[str], bool]) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not is_fine(value):
        raise RequestError("bad_message", f"{name} must be text; a title is one line.")
    return value


def _mentions(value: object) -> tuple[str, ...]:
    is_list = isinstance(value, list) and len(value) <= MOST_MENTIONS
    if not is_list or not all(_is_mention(each) for each in value):  # type: ignore[attr-defined]
        raise RequestError(
            "bad_message", f"mentions must be a list of {MOST_MENTIONS} ids, mobile numbers or @all at most."
        )
    found: Sequence[str] = value  # type: ignore[assignment]
    return tuple(dict.fromkeys(found))


def _is_mention(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_VALUE and value.isprintable()


def _lifetime(value: object) -> int | None:
    if value is None:
        return None
    try:
        return lifetime_seconds(value)
    except ValueError as error:
        raise RequestError("bad_message", f"lifetime {error}.") from error


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RequestError("bad_message", f"{name} must be true or false.")
    return value
