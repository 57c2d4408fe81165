"""What the simulator fires is proven, and is the event that it says."""

from __future__ import annotations

import pytest

from tests.platforms.fired import fired, types_of
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


@pytest.mark.parametrize("kind", types_of("unionpay"))
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    judged, identifier = fired(firing, gateway, "unionpay", type=kind)
    assert [event.type for event in judged.events] == [kind], judged.why
    assert identifier in str(judged.events[0].key)


@pytest.mark.parametrize("method", ["11", "12"])
def test_a_shared_key_can_be_chosen(firing: SandboxServer, gateway: StandIn, method: str) -> None:
    judged, _ = fired(firing, gateway, "unionpay", type="01.00", sign_method=method)
    assert [event.data["signMethod"] for event in judged.events] == [method], judged.why
