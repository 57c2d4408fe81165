"""The simulator fires the sample of any source at a gateway; every signature of the vectors is made anew by its interpreter."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.values import InboundRequest
from sandbox.fire import build, find_sample, read_order
from sandbox.settings import SandboxSettings
from sandbox.sources.files import slugs
from sandbox.state import SandboxState
from tests.sources.firing import NOW
from tests.sources.judging import SLUGS, judge, opened, source_of


@pytest.fixture(scope="module")
def state() -> Any:
    made = SandboxState(SandboxSettings(), {}, ())
    made.now = NOW.timestamp  # type: ignore[method-assign]
    return made


def test_the_simulator_knows_every_source() -> None:
    assert list(slugs()) == SLUGS
    assert [slug for slug in SLUGS if find_sample(slug, "sample") is None] == []


@pytest.mark.parametrize("slug", ["stripe", "twilio", "meituan", "epay-md5", "netlify", "getui"])
def test_an_order_becomes_a_request_that_the_source_takes(state: Any, slug: str) -> None:
    order = read_order(
        {"channel": "shop", "platform": slug, "type": "sample", "public_url": "https://gateway.example"}
    )
    outgoing = build(state, order)
    path, _, query = outgoing.path.partition("?")
    request = InboundRequest(
        outgoing.method, path, query, tuple(outgoing.headers.items()), outgoing.body, "", NOW
    )
    source = opened(slug, source_of(slug).sample.settings, "https://gateway.example/webhooks/shop")
    assert judge(source, request, NOW).outcome == "accept"


def test_an_order_for_nobody_says_what_can_be_ordered() -> None:
    with pytest.raises(ValueError, match="or a source's slug"):
        read_order({"platform": "nobody", "type": "sample"})
