"""What the simulated Graph sends, over HTTP, is proven, with the keys it serves where it brings tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.security.outbound import OutboundClient
from sandbox.platforms.microsoft_graph import keys
from tests.platforms.deliveries import delivery
from tests.platforms.microsoft_graph.notifying import channel
from tests.platforms.recorded import Judged, judge
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


def taken(server: SandboxServer, gateway: StandIn) -> Judged:
    own = server.settings
    source = channel(
        client_state=own["MICROSOFT_GRAPH_CLIENT_STATE"],
        app_id=own["MICROSOFT_GRAPH_APP_ID"],
        tenants=own["MICROSOFT_GRAPH_TENANT"],
        encryption_keys={keys.ENCRYPTION_CERTIFICATE_ID: own["MICROSOFT_GRAPH_PRIVATE_KEY"]},
        login_base=f"{server.url}/microsoft_graph",
    )
    (seen,) = gateway.received
    request = delivery(seen.body, seen.headers)._replace(
        received_at=datetime.now(UTC), query_string=urlencode(seen.query)
    )
    return judge(source, request, OutboundClient([server.url]))


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("created", ["created"]),
        ("updated", ["updated"]),
        ("deleted", ["deleted"]),
        ("batch", ["created", "updated", "deleted"]),
        ("created.resource", ["created"]),
        ("reauthorizationRequired", ["reauthorizationRequired"]),
        ("subscriptionRemoved", ["subscriptionRemoved"]),
        ("missed", ["missed"]),
    ],
)
def test_every_sample_is_proven_and_understood(
    firing: SandboxServer, gateway: StandIn, kind: str, types: list[str]
) -> None:
    fire(firing, platform="microsoft-graph", channel="graph", type=kind)
    events = taken(firing, gateway).events
    assert [event.type for event in events] == types
    assert ("content" in events[0].data) is ("resource" in kind)


def test_the_simulators_handshake_is_answered(firing: SandboxServer, gateway: StandIn) -> None:
    fire(firing, platform="microsoft-graph", channel="graph", type="validationToken")
    judged = taken(firing, gateway)
    assert judged.reply is not None
    assert judged.reply.body.startswith(b"Validation: ")
