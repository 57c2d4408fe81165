"""Says what a decrypted message or event of WeCom means, in the platform's own words.

Source: WeCom page 接收消息与事件 (96466, read 2026-11-20); which fields tell events apart: WxJava's duplicate key. That contact
events come from `sys`, and that kf_msg_or_event has no sender, is unconfirmed: both are taken with and without. What is odd: such events name the person
in UserID.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.errors import PayloadError
from app.core.values import ParsedEvent
from app.wire.wechat_family.messages import created_at, event_key, message_key, read_fields, word

SYSTEM = "sys"
"""The sender of what nobody typed."""


def parse_event(text: bytes) -> ParsedEvent:
    """Say what happened; raises PayloadError. Only the kind is demanded, and of a message its sender."""
    try:
        fields = read_fields(text)
    except ValueError:
        raise PayloadError(
            "unreadable_body", message="What was decrypted is neither the XML nor the JSON of WeCom."
        ) from None
    kind = _required(fields, "MsgType")
    if kind.lower() == "event":
        return _event(fields, event_key(text))
    sender = _required(fields, "FromUserName")
    key = message_key(fields, sender, text)
    return ParsedEvent(f"message.{kind}", key, fields, sender, created_at(fields))


def _event(fields: Mapping[str, Any], key: str) -> ParsedEvent:
    """Name an event, with what changed where it says so: `change_contact.create_user`."""
    name, change = _required(fields, "Event"), word(fields, "ChangeType")
    return ParsedEvent(
        type=name if change is None else f"{name}.{change}",
        key=key,
        data=fields,
        subject=_person(fields),
        occurred_at=created_at(fields),
    )


def _person(fields: Mapping[str, Any]) -> str | None:
    """Return whom an event is about: the member who caused it, else the one it names."""
    sender = word(fields, "FromUserName")
    if sender is not None and sender.lower() != SYSTEM:
        return sender
    return word(fields, "UserID")


def _required(fields: Mapping[str, Any], name: str) -> str:
    found = word(fields, name)
    if found is None:
        raise PayloadError(f"missing_{name}", message=f"The message has no usable {name}.")
    return found
