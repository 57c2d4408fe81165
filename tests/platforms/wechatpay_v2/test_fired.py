"""What the simulator fires is proven, and is the event that it says."""

from __future__ import annotations

import pytest

from tests.platforms.fired import fired, types_of
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer


@pytest.mark.parametrize("kind", types_of("wechatpay-v2"))
def test_every_sample_is_proven_and_understood(firing: SandboxServer, gateway: StandIn, kind: str) -> None:
    judged, identifier = fired(firing, gateway, "wechatpay-v2", type=kind)
    assert [event.type for event in judged.events] == [kind], judged.why
    assert identifier in str(judged.events[0].key)


def test_the_stronger_signature_can_be_chosen(firing: SandboxServer, gateway: StandIn) -> None:
    judged, _ = fired(firing, gateway, "wechatpay-v2", type="pay.SUCCESS", sign_type="HMAC-SHA256")
    assert [event.data["sign_type"] for event in judged.events] == ["HMAC-SHA256"], judged.why
