"""Every platform's samples can be fired, alone, repeated and side by side; what they carry is tested in the platform's folder."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from flask import Response

from sandbox.fire import firing_platforms
from tests.sandbox.clients import fire
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer

SAMPLES = [
    (platform.slug, sample.type)
    for platform in firing_platforms()
    if platform.callbacks is not None
    for sample in platform.callbacks.samples
]


@pytest.mark.parametrize(("slug", "event_type"), SAMPLES)
def test_every_sample_can_be_fired(
    firing: SandboxServer, gateway: StandIn, slug: str, event_type: str
) -> None:
    (result,) = fire(firing, channel=slug, type=event_type)
    assert (result["status"], result["body"]) == (200, "success")
    assert result["event_id"] or event_type == "url_verification"
    assert len(gateway.received) == 1


@pytest.mark.parametrize("order", [{"channel": "webhooks"}, {"platform": "standard-webhooks"}])
def test_a_channel_named_otherwise_is_known(
    firing: SandboxServer, gateway: StandIn, order: dict[str, str]
) -> None:
    fire(firing, type="invoice.paid", **order)
    assert gateway.received[0].path == "/webhooks/webhooks"


def test_parallel_sends_side_by_side(firing: SandboxServer, gateway: StandIn) -> None:
    def slow(_: Received) -> Response:
        time.sleep(0.5)
        return Response("success")

    gateway.answer = slow
    started = time.monotonic()
    assert len(fire(firing, channel="callback", type="payment_notify", duplicate=9, parallel=10)) == 10
    assert time.monotonic() - started < 3.5


def test_a_scripted_duplicate_repeats_the_next_event(firing: SandboxServer, gateway: StandIn) -> None:
    firing.state.faults.add("fire.feishu", "duplicate", 1, copies=2)
    assert len(fire(firing, channel="feishu", type="p2p_chat_create")) == 3
    assert len(fire(firing, channel="feishu", type="p2p_chat_create")) == 1


def test_a_silent_gateway_is_status_zero(sandbox: SandboxServer) -> None:
    with SandboxServer(gateway_url="http://127.0.0.1:9") as lonely:
        (result,) = fire(lonely, channel="feishu", type="p2p_chat_create")
    assert (result["status"], result["body"]) == (0, "ConnectionError")


@pytest.mark.parametrize(
    "order",
    [
        {"channel": "nobody", "type": "x"},
        {"channel": "feishu", "type": "x"},
        {"channel": "feishu", "type": "url_verification", "count": 0},
        {"channel": "feishu", "type": "url_verification", "data": []},
        {"channel": "callback", "type": "payment_notify", "scheme": "none"},
    ],
)
def test_a_bad_order_is_explained(sandbox: SandboxServer, order: dict[str, Any]) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/fire", json=order, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["message"]
