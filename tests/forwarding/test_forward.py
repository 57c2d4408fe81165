"""What a destination receives, and what its answers lead to; checked with the reference library."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from app.core.clock import SystemClock
from app.pipeline.inbound.receive import receive
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.builders import NOW, FrozenClock, envelope, signed_callback
from tests.forwarding.receiver import (
    OTHER_SECRET,
    SECRET,
    Receiver,
    accept,
    dispatch_of,
    forwarding_to,
    run_once,
)

MakeServices = Callable[..., Services]
pytestmark = pytest.mark.backends("sqlite")


def only(receiver: Receiver):
    (received,) = receiver.received
    return received


def test_an_event_arrives_as_a_cloud_event(services_with: MakeServices, receiver: Receiver) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    event_id = accept(services)
    run_once(services)
    received = only(receiver)
    assert received.path == "/hooks"
    assert received.headers["content-type"].startswith("application/cloudevents+json")
    content = received.content
    data = content.pop("data")
    assert data["data"] == {"user_id": "user_1"}
    assert content == {
        "specversion": "1.0",
        "id": event_id,
        "source": "http://localhost:5003/webhooks/callback",
        "type": "callback.user_authorized",
        "subject": "user_1",
        "time": content["time"],
        "datacontenttype": "application/json",
        "channel": "callback",
        "platform": "callback",
        "eventkey": "evt_1",
        "eventversion": "v1",
        "attempt": 1,
        "environment": "dev",
    }
    assert received.headers["x-callgate-environment"] == "dev"
    assert datetime.fromisoformat(content["time"]).tzinfo is not None
    assert dispatch_of(services, event_id)["state"] == "succeeded"


def test_the_reference_library_accepts_the_signature(services_with: MakeServices, receiver: Receiver) -> None:
    services = services_with(channels=forwarding_to(receiver.url), clock=SystemClock())
    accept(services)
    run_once(services)
    received = only(receiver)
    assert Webhook(SECRET).verify(received.body, received.headers) == received.content
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(received.body.replace(b"user_1", b"user_2"), received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_SECRET).verify(received.body, received.headers)


def test_with_two_secrets_either_side_may_change_first(
    services_with: MakeServices, receiver: Receiver
) -> None:
    text = forwarding_to(receiver.url, secret=f'["{OTHER_SECRET}", "{SECRET}"]')
    services = services_with(channels=text, clock=SystemClock())
    accept(services)
    run_once(services)
    received = only(receiver)
    for secret in (SECRET, OTHER_SECRET):
        assert Webhook(secret).verify(received.body, received.headers)


def test_the_id_stays_over_retries_and_differs_between_destinations(
    services_with: MakeServices, receiver: Receiver, clock: FrozenClock
) -> None:
    text = forwarding_to(receiver.url)
    second = text.partition("[[destinations]]")[2].replace('"crm"', '"audit"')
    services = services_with(channels=f"{text}[[destinations]]{second}")
    receiver.answers(503)
    accept(services)
    assert run_once(services) == 2
    clock.advance(seconds=11)
    assert run_once(services) == 2
    ids = [received.headers["webhook-id"] for received in receiver.received]
    assert len(set(ids)) == 2
    assert all(ids.count(each) == 2 and "." not in each for each in ids)
    assert sorted(received.content["attempt"] for received in receiver.received) == [1, 1, 2, 2]


def test_the_exact_body_is_included_on_request(services_with: MakeServices, receiver: Receiver) -> None:
    services = services_with(channels=forwarding_to(receiver.url, "raw = true"))
    accept(services)
    run_once(services)
    expected = signed_callback().body
    assert base64.b64decode(only(receiver).content["bodybase64"]) == expected


def test_the_channels_own_secret_is_masked_in_the_data(
    services_with: MakeServices, receiver: Receiver
) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    accept(services, data={"token": "callback-3f9d1c7b5a", "list": ["callback-3f9d1c7b5a", "kept"]})
    run_once(services)
    assert b"callback-3f9d1c7b5a" not in only(receiver).body
    assert only(receiver).content["data"]["data"]["list"][1] == "kept"


def test_only_what_matches_is_forwarded_and_counts_as_known(
    services_with: MakeServices, receiver: Receiver
) -> None:
    services = services_with(channels=forwarding_to(receiver.url, match="callback:order.*"))
    accept(services, "evt_1", event_type="order.paid")
    run_once(services)
    assert receiver.keys == ["evt_1"]
    unmatched = signed_callback(envelope("evt_2", "refund.made"))
    reply = receive(services, "callback", unmatched, trace_id="")
    assert reply.status == 400
    assert run_once(services) == 0


def test_events_go_to_handlers_and_destinations(services_with: MakeServices, receiver: Receiver) -> None:
    seen: list[str] = []
    router = Router()
    router.on("callback", name="handler")(lambda event, context: seen.append(event.key))
    services = services_with(channels=forwarding_to(receiver.url), router=router)
    accept(services)
    assert run_once(services) == 2
    assert (seen, receiver.keys) == (["evt_1"], ["evt_1"])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 499])
def test_a_refusal_is_final_at_once(services_with: MakeServices, receiver: Receiver, status: int) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    receiver.answers(status, b'{"error":"no such order"}')
    event_id = accept(services)
    run_once(services)
    dispatch = dispatch_of(services, event_id)
    assert dispatch["state"] == "dead"
    assert str(status) in dispatch["attempts"][0]["error"]
    assert "no such order" in dispatch["attempts"][0]["error"]


@pytest.mark.parametrize("status", [301, 302, 307, 408, 425, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(services_with: MakeServices, receiver: Receiver, status: int) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    receiver.answers(status, Location="http://169.254.169.254/")
    event_id = accept(services)
    run_once(services)
    assert dispatch_of(services, event_id)["state"] == "retrying"
    assert len(receiver.received) == 1


def test_a_redirect_is_not_followed(services_with: MakeServices, receiver: Receiver) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    receiver.answers(307, Location=receiver.url + "/elsewhere")
    event_id = accept(services)
    run_once(services)
    assert [received.path for received in receiver.received] == ["/hooks"]
    assert "redirect" in dispatch_of(services, event_id)["attempts"][0]["error"]


def test_the_tries_run_out_after_as_many_as_configured(
    services_with: MakeServices, receiver: Receiver, clock: FrozenClock
) -> None:
    services = services_with(channels=forwarding_to(receiver.url, "max_attempts = 3"))
    receiver.answers(500)
    event_id = accept(services)
    for _ in range(5):
        run_once(services)
        clock.advance(hours=9)
    assert dispatch_of(services, event_id)["state"] == "dead"
    assert len(receiver.received) == 3


def test_the_waits_are_those_the_destination_asks_for(
    services_with: MakeServices, receiver: Receiver, clock: FrozenClock
) -> None:
    services = services_with(channels=forwarding_to(receiver.url, 'retry_delays = ["7 s", "3 min"]'))
    receiver.answers(500)
    event_id = accept(services)
    for wait in (7, 180):
        run_once(services)
        at = datetime.fromisoformat(dispatch_of(services, event_id)["next_attempt_at"])
        assert at == clock.now() + timedelta(seconds=wait)
        clock.advance(seconds=wait)
    run_once(services)
    assert dispatch_of(services, event_id)["state"] == "dead"


@pytest.mark.parametrize("kind", ["seconds", "date"])
def test_retry_after_is_honoured(
    services_with: MakeServices, receiver: Receiver, clock: FrozenClock, kind: str
) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=900), usegmt=True)
    receiver.answers(503, Retry_After="900" if kind == "seconds" else date)
    event_id = accept(services)
    run_once(services)
    at = datetime.fromisoformat(dispatch_of(services, event_id)["next_attempt_at"])
    assert NOW + timedelta(seconds=890) <= at <= NOW + timedelta(seconds=901)


def test_a_destination_that_is_not_there_is_tried_again(services_with: MakeServices) -> None:
    with Receiver() as gone:
        url = gone.url
    services = services_with(channels=forwarding_to(url))
    event_id = accept(services)
    run_once(services)
    assert dispatch_of(services, event_id)["state"] == "retrying"


def test_headers_one_byte_at_a_time_are_cut_off(services_with: MakeServices, receiver: Receiver) -> None:
    services = services_with(channels=forwarding_to(receiver.url, "timeout = 0.6"))
    receiver.drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", 0.1)
    event_id = accept(services)
    started = time.monotonic()
    run_once(services)
    assert time.monotonic() - started < 3
    assert dispatch_of(services, event_id)["state"] == "retrying"


def test_a_body_one_byte_at_a_time_is_cut_off_and_the_status_counts(
    services_with: MakeServices, receiver: Receiver
) -> None:
    services = services_with(channels=forwarding_to(receiver.url, "timeout = 30"))
    receiver.drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"a", 0.1)
    event_id = accept(services)
    started = time.monotonic()
    run_once(services)
    assert time.monotonic() - started < 4
    assert dispatch_of(services, event_id)["state"] == "succeeded"


def test_ten_megabytes_are_cut_off_and_the_status_counts(
    services_with: MakeServices, receiver: Receiver
) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    receiver.answers(200, b"a" * 10_000_000)
    first = accept(services, "evt_1")
    run_once(services)
    assert dispatch_of(services, first)["state"] == "succeeded"
    receiver.answers(500, b"a" * 10_000_000)
    second = accept(services, "evt_2")
    run_once(services)
    dispatch = dispatch_of(services, second)
    assert dispatch["state"] == "retrying"
    assert len(dispatch["attempts"][0]["error"]) < 400
