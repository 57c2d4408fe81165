"""What a push of Pub/Sub says: the usual envelope, or an unwrapped body with metadata in headers. Pure; the sender is proven before.

Sources (read 2026-11-28): docs.cloud.google.com/pubsub/docs/push, /payload-unwrapping; developer.android.com/google/play/billing/rtdn-reference.
What is odd: the token proves the sender for an hour and covers no body, so nothing here is more than the sender's word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core.errors import PayloadError, unreadable_json
from app.core.values import InboundRequest
from app.security.strict_json import parse_json, parse_json_object
from app.wire.wrapped_bodies import from_base64

HEADERS: Final = "x-goog-pubsub-"
USUAL_TYPE: Final = "pubsub"
TYPE_ATTRIBUTE: Final = "eventType"
PLAY_NOTIFICATIONS: Final = (
    "subscriptionNotification",
    "oneTimeProductNotification",
    "voidedPurchaseNotification",
    "testNotification",
)
"""What Google Play tells; a message holds exactly one of them."""

LONGEST_ID: Final = 100
LONGEST_TYPE: Final = 128


@dataclass(frozen=True, slots=True, repr=False)
class Push:
    """One message: `data` is what the event will hold."""

    message_id: str
    subscription: str | None
    type: str
    published_at: object
    data: Mapping[str, Any]


def read_push(request: InboundRequest, *, unwrapped: bool) -> Push:
    """Read a push in the form that its subscription has; raises PayloadError or VerificationError."""
    return _unwrapped(request) if unwrapped else _wrapped(request.body)


def _wrapped(body: bytes) -> Push:
    try:
        said = parse_json_object(body)
    except ValueError as error:
        raise unreadable_json(error) from error
    message, subscription = said.get("message"), said.get("subscription")
    if not isinstance(message, dict):
        raise PayloadError(
            "no_message",
            message="A push has its message in `message`; with payload unwrapping, set payload_unwrapping = true.",
        )
    attributes = message.get("attributes")
    content = content_of(_decoded(message.get("data")))
    return Push(
        message_id=_identifier(message.get("messageId", message.get("message_id"))),
        subscription=subscription if isinstance(subscription, str) else None,
        type=_type(attributes if isinstance(attributes, dict) else {}, content),
        published_at=message.get("publishTime", message.get("publish_time")),
        data=said if content is None else {**said, "content": content},
    )


def _unwrapped(request: InboundRequest) -> Push:
    content = content_of(request.body)
    named = ("subscription-name", "message-id", "publish-time", "ordering-key")
    found = {name: request.header(HEADERS + name) for name in named}
    message = {"messageId": found["message-id"], "publishTime": found["publish-time"]}
    if found["ordering-key"] is not None:
        message["orderingKey"] = found["ordering-key"]
    data = {"message": message, "subscription": found["subscription-name"]}
    return Push(
        message_id=_identifier(found["message-id"]),
        subscription=found["subscription-name"],
        type=_type({TYPE_ATTRIBUTE: request.header(TYPE_ATTRIBUTE)}, content),
        published_at=found["publish-time"],
        data=data if content is None else {**data, "content": content},
    )


def content_of(raw: bytes) -> Any:
    """Return what a message holds: its JSON, else its text, None where it is empty or no text."""
    if not raw:
        return None
    try:
        return parse_json(raw)
    except ValueError:
        pass
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _decoded(data: object) -> bytes:
    if data is None or data == "":
        return b""
    try:
        return from_base64(str(data).encode("ascii")) if isinstance(data, str) else _refuse()
    except ValueError as error:
        raise PayloadError("bad_data", message="`message.data` is not Base64.") from error


def _refuse() -> bytes:
    raise ValueError("not text")


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise PayloadError("bad_message_id", message="A push has the message's id in `messageId`.")
    return value


def _type(attributes: Mapping[str, Any], content: Any) -> str:
    given = attributes.get(TYPE_ATTRIBUTE)
    if isinstance(given, str) and 0 < len(given) <= LONGEST_TYPE and given.isprintable():
        return given
    if isinstance(content, dict) and isinstance(content.get("packageName"), str):
        return next((name for name in PLAY_NOTIFICATIONS if name in content), USUAL_TYPE)
    return USUAL_TYPE
