"""What a message says: one or several, types and keys; what the simulator sends is understood."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.core.errors import PayloadError
from app.core.values import Outcome, ParsedEvent, Situation, Verified
from app.security.outbound import OutboundClient
from sandbox.platforms.huawei_account.firing import CALLBACKS
from tests.platforms.deliveries import NOW, delivery
from tests.platforms.huawei_account.messages import PURGED, REVOKED, channel, message, push, remote
from tests.platforms.recorded import judge
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES = [sample.type for sample in CALLBACKS.samples]


def events_of(body: Any) -> Any:
    judged = judge(channel(), push(body), remote())
    assert judged.outcome == "accept", judged.why
    return judged.events


def test_a_list_is_as_many_events() -> None:
    events = events_of([message(), message(jti="2", events={REVOKED: {"scopes": ["openid"]}})])
    assert [(event.type, event.key) for event in events] == [
        ("account-purged", "6672ed7d"),
        ("tokens-revoked", "2"),
    ]
    assert events[0].occurred_at == NOW.replace(microsecond=0)
    assert events[1].data["events"] == {REVOKED: {"scopes": ["openid"]}}


def test_a_message_about_two_things_is_two_events_with_keys_of_their_own() -> None:
    events = events_of(message(events={PURGED: {}, "urn:other": {}}))
    assert [event.key for event in events] == ["6672ed7d:account-purged", "6672ed7d:urn:other"]


def test_a_proven_body_that_is_no_message_is_refused_as_such() -> None:
    bodies: list[Any] = [b"", b"[]", b"5", {}, [5], message(events={}), message(jti=None), message(events=[])]
    for body in bodies:
        source, request = channel(), push(body)
        try:
            verified = source.verify_with_key(
                request, NOW, source.fetch_keys("", remote(), NOW)["sandbox-huawei-1"]
            )
            source.parse_batch(request, verified)
        except PayloadError:
            continue
        raise AssertionError(f"{body!r} was taken")


def test_what_is_stored_is_answered_202_without_a_body() -> None:
    outcome = Outcome(Situation.ACCEPTED, "evt", ParsedEvent("account-purged", "1", {}))
    reply = channel().acknowledge(push(), Verified("x"), outcome)
    assert (reply.status, reply.body) == (202, b"")


def test_every_sample_of_the_simulator_is_proven_and_understood(
    firing: SandboxServer, gateway: StandIn
) -> None:
    source = channel(
        client_id=firing.settings["HUAWEI_ACCOUNT_CLIENT_ID"],
        risc_base=f"{firing.url}/huawei_account",
        key_origins=[firing.url],
    )
    for number, kind in enumerate(TYPES):
        fire(firing, platform="huawei-account", channel="risc", type=kind, listed=bool(number % 2))
    http, now = OutboundClient([firing.url]), datetime.now(UTC)
    judged = [
        judge(source, delivery(seen.body, seen.headers)._replace(received_at=now), http)
        for seen in gateway.received
    ]
    assert [each.events[0].type for each in judged] == TYPES
