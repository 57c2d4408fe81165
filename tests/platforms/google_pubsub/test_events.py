"""What a push says: type, key, content; Google Play's notifications; payload unwrapping; answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.values import Outcome, Situation, Verified
from tests.platforms.deliveries import NOW
from tests.platforms.google_pubsub.pushing import SUBSCRIPTION, channel, envelope, push, remote
from tests.platforms.google_pubsub.sample import METADATA
from tests.platforms.recorded import judge


def event_of(request: Any, **settings: Any) -> Any:
    judged = judge(channel(**settings), request, remote())
    assert judged.outcome == "accept", judged.why
    return judged.events[0]


def test_the_data_are_the_whole_body_with_what_the_message_holds() -> None:
    event = event_of(push())
    assert event.data == envelope() | {"content": "hello"}
    assert event.occurred_at == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "read"),
    [(b'{"a":1}', {"a": 1}), (b"[1]", [1]), ("你好".encode(), "你好"), (b"5", 5)],
    ids=["object", "list", "text", "number"],
)
def test_what_a_message_holds_is_read(content: bytes, read: Any) -> None:
    assert event_of(push(envelope(content))).data["content"] == read


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"], ids=["empty", "bytes"])
def test_a_message_that_holds_no_text_has_no_content(content: bytes) -> None:
    assert "content" not in event_of(push(envelope(content))).data


def test_a_message_may_have_no_data_at_all() -> None:
    assert "content" not in event_of(push(envelope(data=None))).data


def test_an_attribute_names_the_type() -> None:
    assert event_of(push(envelope(attributes={"eventType": "OBJECT_FINALIZE"}))).type == "OBJECT_FINALIZE"


@pytest.mark.parametrize(
    "attributes", [None, [], {"eventType": 5}, {"eventType": ""}, {"eventType": "x" * 129}], ids=str
)
def test_an_odd_attribute_names_none(attributes: Any) -> None:
    assert event_of(push(envelope(attributes=attributes))).type == "pubsub"


@pytest.mark.parametrize(
    "kind",
    [
        "subscriptionNotification",
        "oneTimeProductNotification",
        "voidedPurchaseNotification",
        "testNotification",
    ],
)
def test_google_plays_notifications_are_told_apart(kind: str) -> None:
    content = {"version": "1.0", "packageName": "com.example", kind: {"version": "1.0"}}
    assert event_of(push(envelope(json.dumps(content).encode()))).type == kind


def test_a_message_that_only_looks_like_google_plays_is_none() -> None:
    content: dict[str, Any] = {"subscriptionNotification": {}}
    assert event_of(push(envelope(json.dumps(content).encode()))).type == "pubsub"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ([], "not_a_json_object"),
        ({"message": 5}, "no_message"),
        (envelope(messageId=None), "bad_message_id"),
        (envelope(messageId=5), "bad_message_id"),
        (envelope(messageId="x" * 101), "bad_message_id"),
        (envelope(data="*"), "bad_data"),
        (envelope(data=5), "bad_data"),
    ],
)
def test_what_is_proven_and_no_push_is_a_fault_of_its_body(body: Any, why: str) -> None:
    assert judge(channel(subscriptions=[]), push(body), remote()).why == why


def test_an_older_name_of_the_id_is_read_too() -> None:
    assert event_of(push(envelope(messageId=None, message_id="9"))).key == f"{SUBSCRIPTION}:9"


def test_an_unwrapped_push_is_read_from_body_and_headers() -> None:
    request = push(b'{"a":1}', **METADATA | {"eventType": "order.paid", "x_goog_pubsub_ordering_key": "k"})
    event = event_of(request, payload_unwrapping=True)
    assert (event.type, event.key) == ("order.paid", f"{SUBSCRIPTION}:207")
    assert event.data["content"] == {"a": 1}
    assert event.data["message"]["orderingKey"] == "k"


def test_the_form_of_a_push_is_the_settings_word_not_the_senders() -> None:
    assert judge(channel(), push(b'{"a":1}', **METADATA), remote()).why == "wrong_subscription"
    assert judge(channel(payload_unwrapping=True), push(), remote()).why == "wrong_subscription"


def test_an_unwrapped_push_of_another_subscription_is_refused() -> None:
    other = METADATA | {"x_goog_pubsub_subscription_name": "projects/proj/subscriptions/other"}
    assert judge(channel(payload_unwrapping=True), push(b"x", **other), remote()).why == "wrong_subscription"


@pytest.mark.parametrize(
    ("situation", "status"),
    [(Situation.ACCEPTED, 204), (Situation.HANDLER_FAILED, 500), (Situation.COME_AGAIN, 503)],
)
def test_what_is_stored_is_answered_204(situation: Situation, status: int) -> None:
    reply = channel().acknowledge(
        push(), Verified("google-oidc"), Outcome(situation, "evt", event_of(push()), now=NOW)
    )
    assert (reply.status, reply.body == b"") == (status, status == 204)
