"""Reads the messages of the WeChat family, XML or JSON, and says what happened in the platform's own words.

Used by every platform that speaks this protocol. What comes in here is already proven and decrypted.
Source: WeChat "接收普通消息", "接收事件推送" and "消息推送" pages (read 2026-11-20).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from app.core.errors import PayloadError
from app.core.values import ParsedEvent
from app.security.safe_xml import parse_xml
from app.security.signatures import sha256_hex
from app.security.strict_json import parse_typed_json

MAX_WORD = 128
MAX_TIME_DIGITS = 11
BLANKS = b" \t\r\n"
BLANK_LETTERS = " \t\r\n"
REPLACED = "#replaced"
"""Cannot be the name of an element."""


ABOUT_SOMEONE_ELSE = frozenset(
    {"user_info_modified", "user_authorization_revoke", "user_authorization_cancellation"}
)
"""Events whose FromUserName is the platform's push service, the same for everybody; the person is in OpenID."""


class WireFormat(StrEnum):
    """How the account's console was told to write messages ("数据格式"); replies follow it."""

    XML = "xml"
    JSON = "json"

    @property
    def content_type(self) -> str:
        """The Content-Type of an answer in this format."""
        return "application/json" if self is WireFormat.JSON else "text/xml; charset=utf-8"


def wire_format(raw: bytes) -> WireFormat:
    """Tell the format by the first byte that is not blank; Content-Type is not documented and not trusted."""
    return WireFormat.JSON if raw.lstrip(BLANKS)[:1] == b"{" else WireFormat.XML


def read_fields(raw: bytes) -> dict[str, Any]:
    """Return the fields of one message; raises ValueError. XML text stays text, JSON numbers stay numbers.

    Whatever a follower types is taken. Where the platform sent bytes that the format cannot hold (control characters,
    a cut emoji), U+FFFD stands in their place, and the field `#replaced` says how many.
    """
    body = raw.strip(BLANKS)
    if wire_format(body) is WireFormat.JSON:
        fields, replaced = parse_typed_json(body)
    else:
        fields, replaced = parse_xml(body, root="xml")
    return fields | {REPLACED: replaced} if replaced else fields


def ciphertext_in(fields: Mapping[str, Any], name: str = "Encrypt") -> str | None:
    """Return the Base64 text of `Encrypt` without blanks around it, which break both signature and decoding."""
    found = fields.get(name)
    return found.strip(" \t\r\n") or None if isinstance(found, str) else None


def parse_message(text: bytes) -> ParsedEvent:
    """Say what happened; raises PayloadError. `text` is the decrypted body, or the body itself in plain mode.

    A missing optional field is normal; only the sender, the kind and the name of an event are demanded.
    """
    try:
        fields = read_fields(text)
    except ValueError:
        raise PayloadError(
            "unreadable_body", message="The body is neither the XML nor the JSON of WeChat."
        ) from None
    kind, sender = _required(fields, "MsgType"), _required(fields, "FromUserName")
    is_event = kind.lower() == "event"
    name = _required(fields, "Event") if is_event else f"message.{kind}"
    return ParsedEvent(
        type=name,
        key=event_key(text) if is_event else message_key(fields, sender, text),
        data=fields,
        subject=_person(fields, name) or sender,
        occurred_at=created_at(fields),
    )


def word(fields: Mapping[str, Any], name: str) -> str | None:
    """Return a short printable value as text without blanks at its ends, None when it is absent or anything else."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= MAX_WORD:
        value = str(value)
    if isinstance(value, str):
        value = value.strip(BLANK_LETTERS)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_WORD or not value.isprintable():
        return None
    return value


def _required(fields: Mapping[str, Any], name: str) -> str:
    found = word(fields, name)
    if found is not None:
        return found
    if "Encrypt" in fields:
        raise PayloadError(
            "encrypted_body_in_plain_mode",
            message="The body is encrypted, but this channel is in mode plain; set encoding_aes_key and mode as in "
            "the platform's console.",
        )
    raise PayloadError(f"missing_{name}", message=f"The message has no usable {name}.")


def message_key(fields: Mapping[str, Any], sender: str, text: bytes) -> str:
    """Join MsgId, sender and time; MsgId alone was seen to repeat over senders (WxJava issue 333)."""
    number = word(fields, "MsgId")
    if number is None:
        return event_key(text)
    return f"{number}:{sender}:{word(fields, 'CreateTime') or ''}"


def event_key(text: bytes) -> str:
    """Hash the decrypted text: events have no MsgId, FromUserName + CreateTime collides, ciphertext never repeats."""
    return "event:" + sha256_hex(text)


def _person(fields: Mapping[str, Any], name: str) -> str | None:
    return word(fields, "OpenID") if name.lower() in ABOUT_SOMEONE_ELSE else None


def created_at(fields: Mapping[str, Any]) -> datetime | None:
    """Return the time of `CreateTime`, None when it says none."""
    return unix_moment(word(fields, "CreateTime"))


def unix_moment(text: str | None) -> datetime | None:
    """Return the moment of a Unix time in digits, None for anything else."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > MAX_TIME_DIGITS:
        return None
    return datetime.fromtimestamp(int(text), UTC)
