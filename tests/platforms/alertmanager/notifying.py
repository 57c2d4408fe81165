"""Notifications of Alertmanager, and a channel that takes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.alertmanager import PLATFORM
from app.platforms.alertmanager.callbacks import AlertmanagerCallbacks
from tests.platforms.deliveries import NOW, delivery

TOKEN = "am-token-of-the-tests"
ALERT = {
    "status": "firing",
    "labels": {"alertname": "InstanceDown"},
    "annotations": {},
    "startsAt": "2026-05-28T20:26:40Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "",
    "fingerprint": "c6eadffa33fcdf37",
}


def group(*alerts: Any, **changes: Any) -> bytes:
    """Return the body of a notification; without alerts it holds the one above."""
    own = {
        "version": "4",
        "status": "firing",
        "receiver": "ops",
        "groupKey": "{}",
        "alerts": list(alerts or [ALERT]),
    }
    return json.dumps(own | changes).encode()


def notification(body: bytes, *, authorization: str = f"Bearer {TOKEN}") -> InboundRequest:
    return delivery(body, {"Authorization": authorization} if authorization else {})


def channel(**keys: Any) -> AlertmanagerCallbacks:
    opened = PLATFORM.open("am", PLATFORM.settings.model_validate({"token": TOKEN} | keys))
    assert isinstance(opened, AlertmanagerCallbacks)
    return opened


def take(body: bytes) -> Sequence[ParsedEvent]:
    source, request = channel(), notification(body)
    return source.parse_batch(request, source.verify(request, NOW))


def refusal(authorization: str, **keys: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        channel(**keys).verify(notification(group(), authorization=authorization), NOW)
    return caught.value.reason
