"""What is signed of a message of Huawei Cloud SMN. Pure.

Source (read 2026-11-28): support.huaweicloud.com, SMN user guide, "Message Signature Verification" and "HTTP/HTTPS Message Format", with its sample. What is odd: names
and values stand on lines of their own, without an escape. Only `message`, which comes first, may hold line feeds here: with them in another
value the same lines could be read as another message, about another topic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import VerificationError

NOTIFICATION: Final = ("message", "message_id", "subject", "timestamp", "topic_urn", "type")
CONFIRMATION: Final = ("message", "message_id", "subscribe_url", "timestamp", "topic_urn", "type")
SIGNED: Final = {
    "Notification": NOTIFICATION,
    "SubscriptionConfirmation": CONFIRMATION,
    "UnsubscribeConfirmation": CONFIRMATION,
}
LONGEST: Final = 2048


def signed_fields(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the fields that are signed, in the order of the signature; raises VerificationError."""
    names = SIGNED.get(str(body.get("type")))
    if names is None:
        raise VerificationError(
            "unknown_message_type", "The message's type is none whose signature is known."
        )
    found = {name: body.get(name) for name in names}
    if not found.get("subject", True):
        found.pop("subject")
    return {name: _value(name, value) for name, value in found.items()}


def signed_messages(fields: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return what may have been signed, with a line feed at the end and without one."""
    lines = "".join(f"{name}\n{value}\n" for name, value in fields.items())
    message = lines.encode("utf-8", "surrogatepass")
    return message, message[:-1]


def _value(name: str, value: object) -> str:
    if not isinstance(value, str) or (not value and name != "message"):
        raise VerificationError("unreadable_message", f"The message's field {name} is missing, or no text.")
    if name != "message" and (len(value) > LONGEST or not value.isprintable()):
        raise VerificationError(
            "unreadable_message", f"The message's field {name} holds a line feed, or is too long."
        )
    return value
