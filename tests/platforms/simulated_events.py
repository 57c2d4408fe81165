"""Events that the simulator sends over HTTP to a stand-in of the gateway, put through a channel that fetches the simulator's keys."""

from __future__ import annotations

from typing import Any

from app.core.values import ParsedEvent
from app.security.outbound import OutboundClient
from tests.platforms.recorded_cases import as_request, events_of
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


def proven_events(
    server: SandboxServer, gateway: StandIn, source: Any, *, slug: str, kind: str
) -> tuple[list[ParsedEvent], str]:
    """Fire one sample; return the events that the channel read, proven, and the id that the simulator told."""
    (result,) = fire(server, platform=slug, channel=slug, type=kind)
    (seen,) = gateway.received
    found = events_of(source, as_request(seen), OutboundClient([server.url]))
    assert isinstance(found, list)
    assert found[0].key
    return found, str(result["event_id"])
