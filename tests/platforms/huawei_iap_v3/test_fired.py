"""What the simulator fires is proven, and is the event that it says."""

from __future__ import annotations

import pytest

from tests.platforms.fired import fired, types_of
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


@pytest.mark.parametrize("kind", types_of("huawei-iap-v3"))
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    judged, identifier = fired(firing, gateway, "huawei-iap-v3", type=kind)
    assert [event.type for event in judged.events] == [kind], judged.why
    assert identifier in str(judged.events[0].key)
