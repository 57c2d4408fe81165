"""The Verification Token is masked in what is kept of an event; the token of an old card is the handler's and stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.core.values import InboundRequest
from app.pipeline.evidence import open_exact
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from app.security.redaction import MASK
from app.storage.database.db import StoredRow
from app.storage.inbox.events import event_from_row, find_event_row
from tests.platforms.feishu.channel import delivery, sealed, v2_event
from tests.platforms.feishu.signing import (
    APP_ID,
    ENCRYPT_KEY,
    TOKEN,
    VECTORS,
    card_signature,
    compact,
    stamped,
)

MakeServices = Callable[..., Services]
TOKEN_ONLY = f"""
[channels.feishu]
platform = "feishu"
app_id = "{APP_ID}"
verification_token = "{TOKEN}"
old_cards = true
"""
ENCRYPTED = f'{TOKEN_ONLY}encrypt_key = "{ENCRYPT_KEY}"\n'
V1_EVENT = {
    "uuid": "u-1",
    "ts": "1700000000.1",
    "type": "event_callback",
    "token": TOKEN,
    "event": {"type": "x", "token": TOKEN},
}


def kept(services: Services, request: InboundRequest) -> StoredRow:
    receive(services, "feishu", request, trace_id="")
    (item,) = list_events_page(services, {}, cursor=None, limit=9)["items"]
    with services.database.read() as tx:
        row = find_event_row(tx, item["id"])
    assert row is not None
    return row


def test_an_encrypted_event_keeps_its_body_and_loses_the_token_in_its_data(
    services_with: MakeServices,
) -> None:
    services = services_with(channels=ENCRYPTED)
    request = sealed(v2_event())
    row = kept(services, request)
    assert (bytes(row.body), row.sealed) == (request.body, None)
    assert event_from_row(row).data["header"]["token"] == MASK
    assert event_from_row(row).masked == ("data:header.token",)
    assert verify_event(services, row.id)["verified"]


@pytest.mark.parametrize(
    ("content", "field"), [(v2_event(), "header.token"), (V1_EVENT, "token")], ids=["v2", "v1"]
)
def test_an_event_proven_by_its_token_is_kept_without_it_and_the_body_is_sealed(
    services_with: MakeServices, content: dict[str, Any], field: str
) -> None:
    services = services_with(channels=TOKEN_ONLY)
    request = delivery(compact(content))
    row = kept(services, request)
    event = event_from_row(row)
    assert event.masked == (f"data:{field}", "body")
    assert json.loads(event.raw) == event.data
    assert open_exact(services.vault, event, bytes(row.sealed)).raw == request.body
    assert verify_event(services, row.id)["verified"]


def test_only_the_place_of_the_token_is_masked_whatever_people_write(services_with: MakeServices) -> None:
    """Otherwise whoever writes to the app could find the token by trying."""
    services = services_with(channels=TOKEN_ONLY)
    row = kept(services, delivery(compact(v2_event({"text": TOKEN, "token": "c-card-token"}))))
    assert event_from_row(row).data["event"] == {"text": TOKEN, "token": "c-card-token"}


@pytest.mark.parametrize("channels", [TOKEN_ONLY, ENCRYPTED], ids=["token", "encrypted"])
def test_the_token_that_updates_an_old_card_stays(services_with: MakeServices, channels: str) -> None:
    body = VECTORS["old_card"]["body"]
    services = services_with(channels=channels)
    row = kept(services, delivery(body, stamped(card_signature(body.encode()))))
    assert event_from_row(row).data["token"] == json.loads(body)["token"]
    assert (row.masked, row.sealed, bytes(row.body)) == (None, None, body.encode())
    assert verify_event(services, row.id)["verified"]
