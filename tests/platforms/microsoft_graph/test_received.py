"""Graph through the whole of a callback: the handshake, a batch stored once, its secret masked, its keys found once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.values import InboundRequest, Reply
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from sandbox.platforms.microsoft_graph import keys
from tests.builders import FrozenClock, exchange
from tests.platforms.deliveries import NOW, delivery
from tests.platforms.microsoft_graph.notifying import SETTINGS, STATE, entry, notify, proof, remote, rich
from tests.platforms.recorded import Remote

Make = Callable[..., Services]


@pytest.fixture
def graph(services_with: Make) -> Callable[[], tuple[Services, Remote]]:
    """Return a function that makes services with one channel called `graph`, and what stands where Microsoft's keys are."""

    def make() -> tuple[Services, Remote]:
        services, http = services_with(channels="", clock=FrozenClock(NOW)), remote()
        config = ChannelConfig(name="graph", platform="microsoft-graph", options=SETTINGS)
        opened, _ = open_channels([config], platforms.discover())
        object.__setattr__(opened.get("graph"), "http", http)
        exchange(services, channels=opened)
        return services, http

    return make


def received(services: Services, request: InboundRequest) -> Reply:
    return receive(services, "graph", request, trace_id="")


def items(services: Services) -> list[Any]:
    found: list[Any] = list_events_page(services, {}, cursor=None, limit=9)["items"]
    return found


def test_a_handshake_is_answered_and_stores_nothing(graph: Any) -> None:
    services, _ = graph()
    reply = received(services, delivery(b"")._replace(query_string="validationToken=a%20b"))
    assert (reply.status, reply.body, items(services)) == (200, b"a b", [])


def test_a_batch_is_stored_once_and_its_secret_is_masked(graph: Any) -> None:
    services, _ = graph()
    request = notify(entry(), entry(resource="Users/u/Messages/2"))
    assert [received(services, request).status for _ in range(2)] == [202, 202]
    assert len(items(services)) == 2
    details = [event_detail(services, item["id"]) for item in items(services)]
    assert STATE not in json.dumps(details, default=str)
    assert any(verify_event(services, item["id"])["verified"] for item in items(services))


def test_keys_are_found_once_and_the_opened_resource_is_the_events(graph: Any) -> None:
    services, http = graph()
    for number in range(3):
        made = rich() | {"resource": f"Users/u/Messages/{number}"}
        assert received(services, notify(made, tokens=[proof()])).status == 202
    assert len(http.asked) == 1
    details = [event_detail(services, item["id"]) for item in items(services)]
    assert [detail["data"]["content"]["subject"] for detail in details if detail is not None] == ["主题"] * 3
    assert [verify_event(services, item["id"])["verified"] for item in items(services)] == [True] * 3


def test_an_encryption_key_is_a_secret_of_the_channel(graph: Any) -> None:
    services, _ = graph()
    assert keys.ENCRYPTION_PRIVATE_KEY_PEM in services.channels.get("graph").secrets
