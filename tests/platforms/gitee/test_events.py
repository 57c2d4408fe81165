"""What a webhook of Gitee becomes: type, key, subject, time, the test, what is stored, the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import PayloadError
from app.core.values import InboundRequest, Outcome, Situation
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.services import Services
from tests.builders import FrozenClock, exchange
from tests.platforms.deliveries import NOW
from tests.platforms.gitee.signing import BODY, MILLISECONDS, SECRET, channel, signed, take, with_password


@pytest.mark.parametrize(
    ("event", "body", "expected"),
    [
        ("Push Hook", "{}", "Push Hook"),
        ("Tag Push Hook", '{"ref":"refs/tags/v1"}', "Tag Push Hook"),
        ("Issue Hook", '{"action":"open"}', "Issue Hook.open"),
        ("Merge Request Hook", '{"action":"merge"}', "Merge Request Hook.merge"),
        ("Note Hook", '{"action":"comment"}', "Note Hook.comment"),
        ("Something New Hook", '{"action":"做了什么"}', "Something New Hook.做了什么"),
    ],
)
def test_the_type_is_the_header_with_the_bodys_action(event: str, body: str, expected: str) -> None:
    assert take(signed(body.encode(), event=event)).type == expected


@pytest.mark.parametrize("action", ["5", "null", '""', '"a\\nb"', "[]", '"' + "x" * 200 + '"'])
def test_an_odd_action_is_left_out(action: str) -> None:
    assert take(signed(f'{{"action":{action}}}'.encode(), event="Issue Hook")).type == "Issue Hook"


@pytest.mark.parametrize("event", ["", "é Hook", "x" * 101, "Push.Hook", "1 Hook", "Push\tHook"])
def test_an_event_without_a_proper_name_is_a_payload_error(event: str) -> None:
    with pytest.raises(PayloadError):
        take(signed(BODY, event=event))


def test_key_subject_and_time_are_the_bodys_digest_the_senders_number_and_the_signed_time() -> None:
    event = take(signed(BODY))
    assert (event.key, event.subject) == (f"sha256:{sha256(BODY).hexdigest()}", "12345")
    assert event.occurred_at == datetime.fromtimestamp(MILLISECONDS / 1000, UTC)


@pytest.mark.parametrize("timestamp", ["", "soon", "9" * 13, "9" * 400, "٣" * 13])
def test_in_password_mode_an_odd_time_does_no_harm(timestamp: str) -> None:
    request = with_password(BODY, X_Gitee_Timestamp=timestamp)
    assert take(request, mode="password").type == "Push Hook"


@pytest.mark.parametrize("number", ["true", "1.0", '"12345"', "null"])
def test_a_sender_without_a_whole_number_is_no_subject(number: str) -> None:
    assert take(signed(f'{{"sender":{{"id":{number}}}}}'.encode())).subject is None


@pytest.mark.parametrize("body", [b"[]", b"hook=%7B%7D", b"", b"[" * 100_000, b"\xff"])
def test_what_was_proven_and_is_no_object_is_kept_without_data(body: bytes) -> None:
    assert take(signed(body)).data == {}


@pytest.mark.parametrize("made", [signed, with_password])
def test_the_test_from_the_webhooks_page_is_answered_and_is_no_event(
    made: Callable[..., InboundRequest],
) -> None:
    source = channel(mode="signature" if made is signed else "password")
    request = made(BODY, event="push_hooks", X_Gitee_Ping="true")
    reply = source.challenge(request, source.verify(request, NOW))
    assert reply is not None
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "pong"})


@pytest.mark.parametrize("ping", ["false", "", "True", "1"])
def test_everything_else_is_an_event(ping: str) -> None:
    assert take(signed(BODY, X_Gitee_Ping=ping)).type == "Push Hook"


@pytest.mark.parametrize("situation", [Situation.HANDLER_FAILED, Situation.COME_AGAIN, Situation.ACCEPTED])
def test_what_is_stored_is_accepted_whatever_became_of_it(situation: Situation) -> None:
    source, request = channel(), signed(BODY)
    verified = source.verify(request, NOW)
    outcome = Outcome(situation, "e1", source.parse(request, verified), now=NOW)
    reply = source.acknowledge(request, verified, outcome)
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "accepted", "event_id": "e1"})


@pytest.fixture
def hooked(services_with: Callable[..., Services]) -> Services:
    """Return services with one channel called `ge`, in password mode."""
    services = services_with(channels="", clock=FrozenClock(NOW))
    config = ChannelConfig(name="ge", platform="gitee", options={"secret": SECRET, "mode": "password"})
    opened, _ = open_channels([config], platforms.discover())
    exchange(services, channels=opened)
    return services


def answers(services: Services, *requests: InboundRequest) -> list[str]:
    return [json.loads(receive(services, "ge", each, trace_id="").body)["status"] for each in requests]


def test_the_same_body_is_the_same_event_and_a_test_is_not_stored(hooked: Services) -> None:
    test = with_password(BODY, event="push_hooks", X_Gitee_Ping="true")
    said = answers(hooked, with_password(BODY), with_password(BODY), with_password(b"{}"), test)
    assert said == ["accepted", "already_processed", "accepted", "pong"]
    assert len(list_events_page(hooked, {}, cursor=None, limit=9)["items"]) == 2


def test_password_and_signature_are_masked_where_the_body_repeats_them(hooked: Services) -> None:
    body = json.dumps({"password": SECRET, "sign": "c2lnbmF0dXJl", "ref": "refs/heads/main"}).encode()
    assert answers(hooked, with_password(body)) == ["accepted"]
    (item,) = list_events_page(hooked, {}, cursor=None, limit=9)["items"]
    shown = event_detail(hooked, item["id"])
    assert shown is not None
    assert SECRET not in json.dumps(shown)
    assert "c2lnbmF0dXJl" not in json.dumps(shown)
    assert shown["data"]["ref"] == "refs/heads/main"
