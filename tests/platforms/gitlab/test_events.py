"""What a webhook of GitLab becomes: type, key, subject, and the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import PayloadError
from app.core.values import InboundRequest, Outcome, Situation
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.services import Services
from tests.builders import FrozenClock, exchange
from tests.platforms.deliveries import NOW
from tests.platforms.gitlab.signing import BODY, SIGNING, TOKEN, UUID, channel, signed, take, with_token


@pytest.mark.parametrize(
    ("event", "body", "expected"),
    [
        ("Push Hook", {"object_kind": "push", "event_name": "push"}, "Push Hook"),
        ("Tag Push Hook", {"object_kind": "tag_push", "event_name": "tag_push"}, "Tag Push Hook"),
        ("Merge Request Hook", {"object_attributes": {"action": "merge"}}, "Merge Request Hook.merge"),
        (
            "Merge Request Hook",
            {"object_kind": "merge_request", "object_attributes": {"state": "opened"}},
            "Merge Request Hook",
        ),
        (
            "Confidential Issue Hook",
            {"object_attributes": {"action": "open"}},
            "Confidential Issue Hook.open",
        ),
        ("Release Hook", {"object_kind": "release", "action": "create"}, "Release Hook.create"),
        (
            "Milestone Hook",
            {"object_attributes": {"action": "close"}, "action": "close"},
            "Milestone Hook.close",
        ),
        ("Pipeline Hook", {"object_attributes": {"status": "success"}}, "Pipeline Hook"),
        ("Member Hook", {"event_name": "user_add_to_group"}, "Member Hook.user_add_to_group"),
        ("Subgroup Hook", {"event_name": "subgroup_create"}, "Subgroup Hook.subgroup_create"),
        ("System Hook", {"event_name": "user_create"}, "System Hook.user_create"),
        ("System Hook", {"object_kind": "merge_request"}, "System Hook.merge_request"),
        (
            "System Hook",
            {"object_kind": "merge_request", "object_attributes": {"action": "open"}},
            "System Hook.open",
        ),
        ("Something New Hook", {"anything": 1}, "Something New Hook"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_type_is_the_header_with_what_was_done(event: str, body: dict[str, Any], expected: str) -> None:
    assert take(signed(json.dumps(body).encode(), event=event)).type == expected


@pytest.mark.parametrize("action", ["5", "null", '""', '"a\\nb"', "[]", '"' + "x" * 200 + '"'])
def test_an_odd_action_is_left_out(action: str) -> None:
    body = f'{{"object_attributes":{{"action":{action}}},"action":{action}}}'.encode()
    assert take(signed(body, event="Issue Hook")).type == "Issue Hook"


@pytest.mark.parametrize(
    "event", ["", "é Hook", "x" * 101, "Push.Hook", "1 Hook", "Push\tHook", " Push Hook"]
)
def test_an_event_without_a_proper_name_is_a_payload_error(event: str) -> None:
    with pytest.raises(PayloadError):
        take(signed(BODY, event=event))


def test_the_key_is_the_signed_id_where_requests_are_signed() -> None:
    assert take(signed(BODY, Idempotency_Key="another")).key == UUID


def test_the_key_is_the_idempotency_key_where_a_token_is_the_proof() -> None:
    assert take(with_token(BODY, webhook_id="another"), TOKEN).key == UUID


def test_what_changes_with_each_request_is_not_the_key() -> None:
    changed = with_token(BODY, X_Gitlab_Webhook_UUID="1", X_Gitlab_Event_UUID="2")
    assert take(changed, TOKEN).key == UUID


@pytest.mark.parametrize("uuid", ["", "é", "x" * 300, "a b"])
def test_without_a_usable_id_the_body_is_the_key(uuid: str) -> None:
    first, same, other = (take(with_token(body, uuid=uuid), TOKEN).key for body in (BODY, BODY, b"{}"))
    assert first == same != other
    assert (first or "").startswith("sha256:")


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ('{"user_id":4}', "4"),
        ('{"user":{"id":9007199254740993}}', "9007199254740993"),
        ('{"user":{"id":1},"user_id":2}', "1"),
        ('{"user":{"name":"x"},"user_id":2}', "2"),
        ('{"user":{"id":true},"user_id":"2"}', None),
        ('{"user":[],"user_id":1.0}', None),
        ("{}", None),
    ],
)
def test_the_subject_is_the_number_of_who_did_it(body: str, subject: str | None) -> None:
    assert take(signed(body.encode())).subject == subject


@pytest.mark.parametrize("body", [b"[]", b"Hello, World!", b"", b"[" * 100_000, b'"text"', b"\xff"])
def test_a_body_of_a_custom_template_is_kept_without_data(body: bytes) -> None:
    assert take(signed(body)).data == {}


@pytest.mark.parametrize("situation", [Situation.HANDLER_FAILED, Situation.COME_AGAIN, Situation.ACCEPTED])
def test_what_is_stored_is_accepted_whatever_became_of_it(situation: Situation) -> None:
    """A failure would count towards disabling the webhook, and bring nothing again."""
    source, request = channel(), signed(BODY)
    verified = source.verify(request, NOW)
    outcome = Outcome(situation, "e1", source.parse(request, verified), now=NOW)
    reply = source.acknowledge(request, verified, outcome)
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "accepted", "event_id": "e1"})


@pytest.fixture
def hooked(services_with: Callable[..., Services]) -> Services:
    """Return services with one channel called `gl`."""
    services = services_with(channels="", clock=FrozenClock(NOW))
    config = ChannelConfig(name="gl", platform="gitlab", options={"secret": SIGNING})
    opened, _ = open_channels([config], platforms.discover())
    exchange(services, channels=opened)
    return services


def answers(services: Services, *requests: InboundRequest) -> list[str]:
    return [json.loads(receive(services, "gl", each, trace_id="").body)["status"] for each in requests]


def test_a_redelivery_is_the_same_event_and_another_id_is_another(hooked: Services) -> None:
    said = answers(
        hooked, signed(BODY), signed(BODY, X_Gitlab_Webhook_UUID="1"), signed(BODY, uuid=UUID[::-1])
    )
    assert said == ["accepted", "already_processed", "accepted"]
    assert len(list_events_page(hooked, {}, cursor=None, limit=9)["items"]) == 2
