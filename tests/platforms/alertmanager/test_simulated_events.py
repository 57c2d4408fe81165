"""What the simulated Alertmanager sends, over HTTP, is taken by a channel."""

from __future__ import annotations

import pytest

from tests.platforms.alertmanager.notifying import channel
from tests.platforms.deliveries import NOW, delivery
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


@pytest.mark.parametrize("auth", ["bearer", "basic"])
@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("alert.firing", ["alert.firing"]),
        ("alert.resolved", ["alert.resolved"]),
        ("group", ["alert.firing", "alert.firing", "alert.resolved"]),
    ],
)
def test_every_sample_is_proven_and_understood(
    firing: SandboxServer, gateway: StandIn, auth: str, kind: str, types: list[str]
) -> None:
    fire(firing, channel="am", platform="alertmanager", type=kind, auth=auth)
    (seen,) = gateway.received
    source, request = channel(token=firing.settings["ALERTMANAGER_TOKEN"]), delivery(seen.body, seen.headers)
    verified = source.verify(request, NOW)
    assert verified.scheme == auth
    events = source.parse_batch(request, verified)
    assert [event.type for event in events] == types
    assert len({event.key for event in events}) == len(types)
