"""A destination gets the masked event, and is told what of it was masked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.security.redaction import MASK
from app.storage.inbox.events import events
from tests.forwarding.receiver import Receiver, accept, forwarding_to, run_once
from tests.platforms.feishu import channel as feishu
from tests.platforms.feishu.signing import APP_ID, TOKEN, compact

MakeServices = Callable[..., Services]
pytestmark = pytest.mark.backends("sqlite")
FEISHU = f"""
[channels.feishu]
platform = "feishu"
app_id = "{APP_ID}"
verification_token = "{TOKEN}"
"""
BODY = compact(feishu.v2_event({"text": "hello"}))


def receiving(services_with: MakeServices, receiver: Receiver, *lines: str) -> Services:
    """Return services that stored one event with a token in its body."""
    services = services_with(channels=FEISHU + forwarding_to(receiver.url, *lines, match="feishu:*"))
    receive(services, "feishu", feishu.delivery(BODY), trace_id="")
    return services


def forwarded(services: Services, receiver: Receiver) -> dict[str, Any]:
    run_once(services)
    (received,) = receiver.received
    assert TOKEN.encode() not in received.body
    return received.content


def test_a_raw_destination_gets_the_masked_body_and_is_told(
    services_with: MakeServices, receiver: Receiver
) -> None:
    content = forwarded(receiving(services_with, receiver, "raw = true"), receiver)
    assert content["masked"] == "data:header.token,body"
    assert json.loads(base64.b64decode(content["bodybase64"])) == content["data"]
    assert content["data"]["header"]["token"] == MASK
    assert content["data"]["event"] == {"text": "hello"}


def test_other_destinations_are_told_of_what_they_get_only(
    services_with: MakeServices, receiver: Receiver
) -> None:
    content = forwarded(receiving(services_with, receiver), receiver)
    assert content["masked"] == "data:header.token"
    assert "bodybase64" not in content


def test_an_event_stored_before_is_masked_on_its_way_out(
    services_with: MakeServices, receiver: Receiver
) -> None:
    services = receiving(services_with, receiver, "raw = true")
    with services.database.begin() as tx:
        tx.execute(events.update().values(body=BODY, data=BODY, masked=None, sealed=None))
    content = forwarded(services, receiver)
    assert content["masked"] == "data:header.token,body"
    assert json.loads(base64.b64decode(content["bodybase64"]))["header"]["token"] == MASK


def test_of_an_event_without_a_credential_nothing_is_told(
    services_with: MakeServices, receiver: Receiver
) -> None:
    services = services_with(channels=forwarding_to(receiver.url, "raw = true"))
    accept(services)
    run_once(services)
    assert "masked" not in receiver.received[0].content
