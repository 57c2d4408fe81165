"""What the simulated Mini Program sends is what the gateway's connector reads, with the type it is offered as."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from sandbox.platforms import by_slug
from tests.platforms.deliveries import NOW
from tests.platforms.wechat_mini.program import opened, request
from tests.sandbox.clients import fire
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

CALLBACKS = by_slug()["wechat-mini"].callbacks
assert CALLBACKS is not None
EVENTS = [sample.type for sample in CALLBACKS.samples if sample.type != "url_verification"]


@pytest.mark.parametrize("data_format", ["xml", "json"])
@pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
def test_every_sample_has_the_type_it_is_offered_as(
    firing: SandboxServer, gateway: StandIn, mode: str, data_format: str
) -> None:
    own = firing.settings
    for event_type in EVENTS:
        fire(firing, channel="wechat-mini", type=event_type, mode=mode, format=data_format)
    connector = opened(
        app_id=own["WECHAT_MINI_APP_ID"],
        token=own["WECHAT_MINI_TOKEN"],
        encoding_aes_key=own["WECHAT_MINI_ENCODING_AES_KEY"],
        mode=mode,
        max_age=0,
    )
    found = []
    for seen in gateway.received:
        push = request(dict(seen.query), seen.body)
        assert push.query_string == urlencode(seen.query)
        found.append(connector.parse(push, connector.verify(push, NOW)).type)
    assert found == EVENTS
