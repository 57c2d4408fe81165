"""What the simulator sends, over HTTP, is proven with the key that it hands out, and understood."""

from __future__ import annotations

from typing import Any

import pytest

from app.platforms.jira_connect import PLATFORM
from app.security.outbound import OutboundClient
from sandbox.platforms.jira_connect.firing import CALLBACKS, CLIENT_KEY
from tests.platforms.recorded_cases import as_request, events_of
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

TYPES: dict[str, list[str]] = {}


def channel(server: SandboxServer) -> Any:
    own = server.settings
    settings = {
        "base_url": own["JIRA_CONNECT_BASE_URL"],
        "app_key": own["JIRA_CONNECT_APP_KEY"],
        "tenants": {CLIENT_KEY: own["JIRA_CONNECT_SHARED_SECRET"]},
        "keys_base": f"{server.url}/jira_connect",
    }
    return PLATFORM.open("simulated", PLATFORM.settings.model_validate(settings))


@pytest.mark.parametrize("kind", [sample.type for sample in CALLBACKS.samples])
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    fire(firing, platform="jira-connect", channel="jira-connect", type=kind)
    (seen,) = gateway.received
    found = events_of(channel(firing), as_request(seen), OutboundClient([firing.url]))
    assert isinstance(found, list)
    assert [event.type for event in found] == TYPES.get(kind, [kind])
    assert found[0].key
