"""Digits and text of a body reach handler, API, destination and the answer as the sender wrote them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.core.values import Event
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.builders import NOW, envelope, run_stored_claim, signed_callback
from tests.forwarding.receiver import Receiver, forwarding_to
from tests.platforms.wechat.account import inbound
from tests.platforms.wechat.signing import WechatSigner, xml_envelope, xml_message

MakeServices = Callable[..., Services]
LONG = 123456789012345678901234567890
CUT = rb'{"event_id":"evt_1","event_type":"user_authorized","data":{"name":"cut \ud83d","user_id":"u\udc00"}}'


def run_due(services: Services) -> None:
    for claim in claim_work(services, limit=10):
        run_stored_claim(services, claim)


def only_event(services: Services) -> dict[str, Any]:
    [summary] = list_events_page(services, {}, cursor=None, limit=10)["items"]
    detail = event_detail(services, summary["id"])
    assert detail is not None
    return detail


def attempts_of(services: Services) -> list[dict[str, Any]]:
    return [attempt for each in only_event(services)["dispatches"] for attempt in each["attempts"]]


def noting(seen: list[Event]) -> Router:
    router = Router()
    router.on("callback", name="note")(lambda event, context: seen.append(event))
    return router


def test_digits_reach_handler_and_api_unchanged(services_with: MakeServices) -> None:
    seen: list[Event] = []
    services = services_with(router=noting(seen))
    body = envelope(data={"amount": LONG, "below": -(2**63) - 1})
    receive(services, "callback", signed_callback(body), trace_id="")
    run_due(services)
    assert seen[0].data["data"] == body["data"]
    assert only_event(services)["data"]["data"] == body["data"]


def test_digits_reach_a_destination_unchanged(services_with: MakeServices) -> None:
    with Receiver() as receiver:
        services = services_with(channels=forwarding_to(receiver.url))
        receive(services, "callback", signed_callback(envelope(data={"amount": LONG})), trace_id="")
        run_due(services)
        assert str(LONG).encode() in receiver.received[0].body


def test_an_event_id_beyond_64_bits_is_taken_as_its_digits(services_with: MakeServices) -> None:
    services = services_with(router=noting([]))
    request = signed_callback(envelope() | {"event_id": 2**64 + 1})
    assert receive(services, "callback", request, trace_id="").status == 200
    assert only_event(services)["key"] == str(2**64 + 1)


def test_half_a_character_in_signed_json_is_replaced_in_what_is_stored(services_with: MakeServices) -> None:
    seen: list[Event] = []
    services = services_with(router=noting(seen))
    assert receive(services, "callback", signed_callback(CUT), trace_id="").status == 200
    run_due(services)
    assert seen[0].data["data"]["name"] == "cut \ufffd"
    assert seen[0].raw == CUT
    assert only_event(services)["subject"] == "u\ufffd"


@pytest.mark.parametrize("transactional", [False, True])
def test_a_result_beyond_64_bits_is_kept_and_the_handler_runs_once(
    services_with: MakeServices, transactional: bool
) -> None:
    runs: list[int] = []

    def handler(_event: Event, _context: Any) -> dict[str, int]:
        runs.append(1)
        return {"total": 2**70}

    router = Router()
    router.on("callback", name="sum", inline=True, transactional=transactional)(handler)
    services = services_with(router=router)
    for _ in range(2):
        reply = receive(services, "callback", signed_callback(), trace_id="")
        assert json.loads(reply.body)["data"] == {"total": 2**70}
    assert runs == [1]


def test_a_result_json_cannot_say_is_no_reason_to_run_again(services_with: MakeServices) -> None:
    runs: list[int] = []

    def handler(_event: Event, _context: Any) -> dict[str, Any]:
        runs.append(1)
        return {"kept": 1, "ring": ring}

    ring: list[Any] = []
    ring.append(ring)
    router = Router()
    router.on("callback", name="ring", inline=True)(handler)
    services = services_with(router=router)
    reply = receive(services, "callback", signed_callback(), trace_id="")
    assert json.loads(reply.body)["data"] == {"kept": 1, "ring": [None]}
    run_due(services)
    assert runs == [1]
    assert [attempt["outcome"] for attempt in attempts_of(services)] == ["succeeded"]


def test_a_refusal_of_json_says_what_is_wrong_with_it(services_with: MakeServices) -> None:
    services = services_with()
    with pytest.raises(Exception, match="number has more than 4300 digits"):
        receive(services, "callback", signed_callback(b'{"a":' + b"9" * 5000 + b"}"), trace_id="")


WECHAT = """
[channels.wechat]
platform = "wechat"
app_id = "wx1234567890abcdef"
token = "gatewayToken01"
encoding_aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
"""


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (b"  <!DOCTYPE html> ", "  <!DOCTYPE html> "),
        (b"a\x01b", "a\ufffdb"),
        (b"cut \xf0\x9f\x98", "cut \ufffd"),
    ],
)
def test_what_a_follower_types_is_stored_and_its_exact_bytes_are_kept(
    services_with: MakeServices, mode: str, typed: bytes, kept: str
) -> None:
    services = services_with(channels=WECHAT + f'mode = "{mode}"\n')
    signer = WechatSigner(timestamp=str(int(NOW.timestamp())))
    message = xml_message(Content="TYPED").replace(b"TYPED", typed)
    ciphertext = signer.encrypt(message)
    body, query = message, signer.plain_query()
    if mode == "safe":
        body, query = xml_envelope(ciphertext), signer.sealed_query(ciphertext)
    request = inbound(query, body)._replace(received_at=NOW)
    assert receive(services, "wechat", request, trace_id="").body == b"success"
    event = only_event(services)
    assert event["data"]["Content"] == kept
    assert ("#replaced" in event["data"]) == ("\ufffd" in kept)
    assert base64.b64decode(event["body_base64"]) == body
