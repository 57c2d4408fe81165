"""What a webhook of GitHub becomes: type, key, subject, both forms of a body, the ping, the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import PayloadError
from app.core.values import Outcome, Situation
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.services import Services
from sandbox.platforms.github.signer import form_of
from tests.builders import exchange
from tests.platforms.deliveries import NOW
from tests.platforms.github.signing import BODY, GUID, SECRET, channel, take, webhook

PING = b'{"zen":"Keep it logically awesome.","hook_id":1,"hook":{}}'


def test_the_type_is_the_events_name_with_the_bodys_action() -> None:
    assert take(webhook(b'{"action":"opened"}', event="pull_request")).type == "pull_request.opened"
    assert take(webhook(BODY)).type == "push"


def test_an_action_of_ones_own_stays_as_it_is() -> None:
    body = '{"action":"部署 staging.v2"}'.encode()
    assert take(webhook(body, event="repository_dispatch")).type == "repository_dispatch.部署 staging.v2"


@pytest.mark.parametrize("action", ["5", "null", '""', '"a\\nb"', "[]", '"' + "x" * 200 + '"'])
def test_an_odd_action_is_left_out(action: str) -> None:
    assert take(webhook(f'{{"action":{action}}}'.encode(), event="star")).type == "star"


@pytest.mark.parametrize("event", ["", "Push", "push event", "é", "x" * 200, "push.opened", "1"])
def test_an_event_without_a_proper_name_is_a_payload_error(event: str) -> None:
    with pytest.raises(PayloadError):
        take(webhook(BODY, event=event))


def test_key_and_subject_are_the_deliverys_id_and_the_senders_number() -> None:
    event = take(webhook(BODY))
    assert (event.key, event.subject) == (GUID, "583231")


@pytest.mark.parametrize("number", ["true", "1.0", '"583231"', "null"])
def test_a_sender_without_a_whole_number_is_no_subject(number: str) -> None:
    assert take(webhook(f'{{"sender":{{"id":{number}}}}}'.encode())).subject is None


def test_a_long_number_stays_exact() -> None:
    assert take(webhook(b'{"sender":{"id":9007199254740993}}')).subject == "9007199254740993"


@pytest.mark.parametrize("guid", ["", "é", "x" * 300, "a b"])
def test_without_a_usable_id_the_body_is_the_key(guid: str) -> None:
    first, same, other = (take(webhook(body, guid=guid)).key for body in (BODY, BODY, b"{}"))
    assert first == same != other
    assert (first or "").startswith("sha256:")


def test_a_form_says_the_same_as_json() -> None:
    plain, in_form = take(webhook(BODY)), take(webhook(form_of(BODY)))
    assert in_form == plain


@pytest.mark.parametrize(
    "body",
    [b"payload=%7B%7D&payload=%7B%7D", b"payload=%zz", b"payload=[]", b"Hello, World!", b"", b"[" * 100_000],
)
def test_what_was_signed_and_is_not_json_is_kept_without_data(body: bytes) -> None:
    assert take(webhook(body)).data == {}


def test_the_ping_is_answered_and_is_no_event() -> None:
    source, request = channel(), webhook(PING, event="ping")
    reply = source.challenge(request, source.verify(request, NOW))
    assert reply is not None
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "pong"})


def test_another_body_under_the_name_of_ping_is_an_event() -> None:
    """The header is not signed: whoever changes it must not make an event disappear with a 200."""
    assert take(webhook(BODY, event="ping")).type == "ping"


@pytest.mark.parametrize("situation", [Situation.HANDLER_FAILED, Situation.COME_AGAIN, Situation.ACCEPTED])
def test_what_is_stored_is_accepted_whatever_became_of_it(situation: Situation) -> None:
    source, request = channel(), webhook(BODY)
    verified = source.verify(request, NOW)
    reply = source.acknowledge(
        request, verified, Outcome(situation, "e1", source.parse(request, verified), now=NOW)
    )
    assert (reply.status, json.loads(reply.body)) == (200, {"status": "accepted", "event_id": "e1"})


@pytest.fixture
def hooked(services_with: Callable[..., Services]) -> Services:
    """Return services with one channel called `gh`."""
    services = services_with(channels="")
    config = ChannelConfig(name="gh", platform="github", options={"secret": SECRET})
    opened, _ = open_channels([config], platforms.discover())
    exchange(services, channels=opened)
    return services


def answers(services: Services, *requests: Any) -> list[str]:
    return [json.loads(receive(services, "gh", each, trace_id="").body)["status"] for each in requests]


def test_a_redelivery_is_the_same_event_and_another_id_is_another(hooked: Services) -> None:
    said = answers(hooked, webhook(BODY), webhook(BODY), webhook(BODY, guid=GUID[::-1]))
    assert said == ["accepted", "already_processed", "accepted"]
    assert len(list_events_page(hooked, {}, cursor=None, limit=9)["items"]) == 2


def test_a_ping_is_not_stored(hooked: Services) -> None:
    assert answers(hooked, webhook(PING, event="ping")) == ["pong"]
    assert list_events_page(hooked, {}, cursor=None, limit=9)["items"] == []
