"""What a message of SNS says: signed fields only, the JSON within, answers, and the address that confirms."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.values import Outcome, Situation, Verified
from tests.builders import NOW
from tests.platforms.aws_sns.posting import (
    CONFIRMATION,
    NOTIFICATION,
    SNS,
    TOPIC,
    channel,
    message,
    post,
    remote,
)
from tests.platforms.recorded import judge


def event_of(content: dict[str, Any]) -> Any:
    (event,) = judge(channel(), post(content), remote()).events
    return event


def test_type_key_and_time_are_the_messages_own() -> None:
    event = event_of(message())
    assert (event.type, event.key) == ("Notification", "m-1")
    assert event.occurred_at == datetime.fromisoformat("2026-05-28T20:26:40+00:00")


def test_what_is_not_signed_is_no_data() -> None:
    made = message() | {"UnsubscribeURL": "https://evil.example/", "MessageAttributes": {"a": {"Value": "1"}}}
    assert event_of(made).data == NOTIFICATION


@pytest.mark.parametrize("content", [{"Records": [{"eventName": "ObjectCreated:Put"}]}, [1, 2]])
def test_json_in_a_message_is_read(content: Any) -> None:
    event = event_of(message(Message=json.dumps(content)))
    assert event.data["content"] == content
    assert json.loads(event.data["Message"]) == content


@pytest.mark.parametrize("text", ["text", "5", '"text"', "{", "[" * 100])
def test_a_text_stays_a_text(text: str) -> None:
    assert "content" not in event_of(message(Message=text)).data


def test_a_request_to_confirm_is_an_event_with_the_address_that_confirms() -> None:
    event = event_of(message(CONFIRMATION, SubscribeURL="https://evil.example/"))
    assert event.type == "SubscriptionConfirmation"
    address = channel().confirmation_address(event)
    arn = TOPIC.replace(":", "%3A")
    assert address == f"{SNS}/?Action=ConfirmSubscription&TopicArn={arn}&Token=2336412f37f"


def test_no_other_event_asks_for_a_confirmation() -> None:
    source = channel()
    assert source.confirmation_address(event_of(message())) is None
    foreign = event_of(message(CONFIRMATION))._replace(data=CONFIRMATION | {"TopicArn": "arn:aws:sns:x:1:y"})
    assert source.confirmation_address(foreign) is None


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        (Situation.ACCEPTED, 200),
        (Situation.ALREADY_PROCESSED, 200),
        (Situation.HANDLER_FAILED, 500),
        (Situation.COME_AGAIN, 503),
    ],
)
def test_what_is_stored_is_answered_with_nothing_but_200(situation: Situation, status: int) -> None:
    event, request = event_of(message()), post(message())
    reply = channel().acknowledge(
        request, Verified("sns-v2"), Outcome(situation, "evt", event, now=NOW + timedelta())
    )
    assert reply.status == status
    assert (reply.body == b"") is (status == 200)
