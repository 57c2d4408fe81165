"""A secret that stands in the address of a callback is shown to nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.core.errors import RequestError
from app.core.values import InboundRequest
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.arrivals import arrivals
from app.pipeline.operators.as_curl import curl_of_event
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from tests.builders import NOW

SECRET = "open-sesame-behind-the-name"
HUB = f"""
[channels.images]
platform = "dockerhub"
path_secret = "{SECRET}"
"""


def push(name: str, secret: str) -> InboundRequest:
    path = f"/webhooks/{name}/{secret}"
    headers = (("Content-Type", "application/json"), ("X-Original-URI", path))
    return InboundRequest("POST", path, "", headers, b'{"push_data": {"tag": "1"}}', "203.0.113.7", NOW)


def test_a_secret_at_the_end_of_an_address_is_shown_nowhere_and_still_proves_its_event(
    services_with: Callable[..., Services],
) -> None:
    services = services_with(channels=HUB)
    receive(services, "images", push("images", SECRET), trace_id="")
    for name, secret in (("images", f"{SECRET}x"), ("image", SECRET)):
        with pytest.raises(RequestError):
            receive(services, name, push(name, secret), trace_id="")
    (item,) = list_events_page(services, {}, cursor=None, limit=9)["items"]
    detail, curl = event_detail(services, item["id"]), curl_of_event(services, item["id"])
    refused = list_rejections_page(services, None, cursor=None, limit=9)["items"]
    came = [each.as_json() for each in arrivals(services, "images")]
    assert detail is not None
    assert SECRET not in repr((detail, curl, refused, came))
    assert (detail["path_rest"], detail["masked"], curl["left_out"]) == (
        "/[redacted]",
        ["path"],
        ["X-Original-URI", "path"],
    )
    assert {each["path"] for each in refused} == {"/webhooks/images/[redacted]", "/webhooks/image/[redacted]"}
    assert {each["kind"] for each in came} == {"event", "refused", "elsewhere"}
    assert verify_event(services, item["id"])["verified"]
