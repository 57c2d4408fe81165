"""The simulator fires the sample of any source at a gateway; every signature of the vectors is made anew by its interpreter."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.values import InboundRequest
from sandbox.fire import all_callbacks, build, find_sample, read_order
from sandbox.settings import SandboxSettings
from sandbox.sources.files import slugs
from sandbox.sources.files import source as described
from sandbox.sources.signing import public_settings
from sandbox.sources.types import own_type
from sandbox.state import SandboxState
from tests.sources.firing import NOW
from tests.sources.judging import SLUGS, Judged, judge, opened


@pytest.fixture(scope="module")
def state() -> Any:
    made = SandboxState(SandboxSettings(), {}, ())
    made.now = NOW.timestamp  # type: ignore[method-assign]
    return made


def test_the_simulator_knows_every_source() -> None:
    assert list(slugs()) == SLUGS
    assert [slug for slug in SLUGS if find_sample(slug, "sample") is None] == []


def test_every_documented_type_is_fired_taken_and_read_as_that_type(state: Any) -> None:
    differing = []
    for slug, callbacks in all_callbacks():
        for sample in callbacks.samples if slug in SLUGS else ():
            judged = judged_order(state, slug, sample.type)
            types = {event.type for event in judged.events}
            if judged.outcome != "accept" or (
                types - {sample.type} and sample.type != own_type(described(slug))
            ):
                differing.append((slug, sample.type, judged.why, types))
    assert differing == []


def test_a_type_that_is_not_documented_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"it has checkout\.session\.completed"):
        read_order({"platform": "stripe", "type": "nothing.of.theirs"})


def judged_order(state: Any, slug: str, event_type: str) -> Judged:
    """Fire one type of a source and judge the request by a channel with the simulator's keys."""
    order = {"channel": "shop", "platform": slug, "type": event_type, "public_url": "https://gateway.example"}
    outgoing = build(state, read_order(order))
    path, _, query = outgoing.path.partition("?")
    request = InboundRequest(
        outgoing.method, path, query, tuple(outgoing.headers.items()), outgoing.body, "", NOW
    )
    said = described(slug)
    keys = said["sample"].get("settings", {}) | public_settings(said["signature"])
    return judge(opened(slug, keys, "https://gateway.example/webhooks/shop"), request, NOW)


@pytest.mark.parametrize("slug", ["stripe", "twilio", "meituan", "epay-md5", "netlify", "getui"])
def test_an_order_becomes_a_request_that_the_source_takes(state: Any, slug: str) -> None:
    assert judged_order(state, slug, "sample").outcome == "accept"


def test_an_order_for_nobody_says_what_can_be_ordered() -> None:
    with pytest.raises(ValueError, match="or a source's slug"):
        read_order({"platform": "nobody", "type": "sample"})
