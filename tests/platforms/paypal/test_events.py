"""What a webhook of PayPal says, and how it is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.values import Outcome, Situation, Verified
from tests.builders import NOW
from tests.platforms.paypal.posting import CAPTURE, channel, remote, webhook
from tests.platforms.recorded import judge


def test_the_data_are_the_whole_body() -> None:
    (event,) = judge(channel(), webhook(), remote()).events
    assert event.data == CAPTURE


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"event_type": "A"}, "bad_event_id"),
        ({"event_type": "A", "id": ""}, "bad_event_id"),
        ({"event_type": "A", "id": "x" * 192}, "bad_event_id"),
        ({"id": "WH-1"}, "bad_event_type"),
        ({"id": "WH-1", "event_type": 5}, "bad_event_type"),
        ([], "not_a_json_object"),
    ],
)
def test_what_is_proven_and_no_webhook_is_a_fault_of_its_body(body: Any, why: str) -> None:
    assert judge(channel(), webhook(json.dumps(body).encode()), remote()).why == why


@pytest.mark.parametrize(
    ("situation", "status"),
    [(Situation.SUCCESS, 200), (Situation.HANDLER_FAILED, 500), (Situation.COME_AGAIN, 503)],
)
def test_what_is_stored_is_answered_with_nothing_but_200(situation: Situation, status: int) -> None:
    (event,) = judge(channel(), webhook(), remote()).events
    reply = channel().acknowledge(webhook(), Verified("paypal"), Outcome(situation, "evt", event, now=NOW))
    assert (reply.status, reply.body == b"") == (status, status == 200)
