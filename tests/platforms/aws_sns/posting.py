"""Messages of SNS with the simulator's signature, and a channel that takes them."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from app.security.strict_json import parse_json
from sandbox.platforms.aws_sns.signer import certificate_pem, certificate_url, signed
from tests.platforms.deliveries import delivery
from tests.platforms.recorded import Remote, opened

TOPIC = "arn:aws:sns:us-east-1:123456789012:orders"
SNS = "https://sns.us-east-1.amazonaws.com"
ADDRESS = certificate_url(SNS)
PEM = certificate_pem().decode()
SETTINGS = {"topic_arns": TOPIC}
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "m-1",
    "TopicArn": TOPIC,
    "Subject": "An order",
    "Message": "你好",
    "Timestamp": "2026-05-28T20:26:40.000Z",
}
CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "m-2",
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe.",
    "SubscribeURL": f"{SNS}/?Action=ConfirmSubscription",
    "Token": "2336412f37f",
    "Timestamp": "2026-05-28T20:26:40.000Z",
}


def channel(**changes: Any) -> Any:
    return opened("aws-sns", SETTINGS | changes)


def remote(address: str = ADDRESS) -> Remote:
    return Remote({address: PEM})


def message(fields: dict[str, Any] = NOTIFICATION, *, version: str = "2", **changes: Any) -> dict[str, Any]:
    """Return a signed message; `changes` are made before the signature, None leaves a field out."""
    own = {name: value for name, value in (fields | changes).items() if value is not None}
    return signed(own, version=version, certificate_url=ADDRESS)


def post(content: Any, **headers: str) -> InboundRequest:
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return delivery(body, {"Content-Type": "text/plain; charset=UTF-8"} | named)


def prove(body: bytes) -> InboundRequest:
    """Sign whatever is a message in its form; other bytes go as they are, for no signature could be made of them."""
    try:
        said = parse_json(body)
        return post(message(said if isinstance(said, dict) else {}))
    except (ValueError, KeyError):
        return post(body)
