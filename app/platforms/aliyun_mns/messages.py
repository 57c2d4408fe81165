"""What a push of Aliyun MNS says, in any of its three formats: XML, JSON, or the message alone (SIMPLIFIED). Pure.

Source (read 2026-11-28): help.aliyun.com, MNS, "HTTP push: NotifyContentFormat". Nothing in a request names the format. A message alone that looks like another format is told by
its id, which then is not the header's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import PayloadError
from app.security.safe_xml import parse_xml
from app.security.strict_json import parse_json_object

ROOT: Final = "Notification"
LONGEST: Final = 255


def read_message(body: bytes, *, message_id: str | None, topic: str | None) -> Mapping[str, Any]:
    """Return the fields of a push; a message alone is `Message`, or its bytes as `Message` with replaced characters."""
    found = _envelope(body)
    if found is not None and _fits(found, "MessageId", message_id) and _fits(found, "TopicName", topic):
        return found
    return {"Message": body.decode("utf-8", "replace")}


def word(value: object, name: str) -> str:
    """Return a name as it may stand in an event; raises PayloadError."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or not value.isprintable():
        raise PayloadError(f"bad_{name}", message=f"{name} must be printable text of 1 to {LONGEST} letters.")
    return value


def _envelope(body: bytes) -> Mapping[str, Any] | None:
    try:
        if body.lstrip()[:1] == b"<":
            return parse_xml(body, root=ROOT).content
        return parse_json_object(body)
    except ValueError:
        return None


def _fits(found: Mapping[str, Any], name: str, told: str | None) -> bool:
    """Say whether a field is there and is what the header says, where there is a header."""
    value = found.get(name)
    return isinstance(value, str) and bool(value) and (told is None or value == told)
