"""Addresses below a channel's own: taken where its connector says so, by both ways in, and with the channel's own rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Verified, text_reply
from app.factory import create_app
from app.pipeline.channels import Channels
from app.pipeline.services import Services
from app.security.addresses import parse_networks
from app.web.callbacks.loop_front import LoopFront
from tests.builders import exchange
from tests.inbound.open_source import OpenSource, services_of
from tests.web.loop_stage import ask

pytestmark = pytest.mark.backends("sqlite")
MakeServices = Callable[..., Services]
API = [("Authorization", "Bearer ops-token-4d1f8a2b")]
BODY = json.dumps({"id": "1", "type": "a"}).encode()


class WithAccounts(OpenSource):
    """Takes accounts that begin with `wx`, and answers with the path it was asked by."""

    address_template = "$WX$"

    def takes_address(self, rest: str) -> bool:
        return rest.isascii() and rest.isalnum() and rest.startswith("wx") and len(rest) <= 20

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        return super().parse(request, verified)._replace(subject=request.path)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        return text_reply(200, request.path)


Post = Callable[..., tuple[int, bytes]]


def post_by_wsgi(services: Services, path: str, body: bytes = BODY) -> tuple[int, bytes]:
    answer: Any = create_app(services=services).test_client().post(path, data=body)
    return answer.status_code, answer.data


def post_by_loop(services: Services, path: str, body: bytes = BODY) -> tuple[int, bytes]:
    answer = ask(LoopFront(create_app(services=services), services), "POST", path, body)
    return answer.status, answer.body


both_ways = pytest.mark.parametrize("post", [post_by_wsgi, post_by_loop], ids=["wsgi", "loop"])


@both_ways
def test_an_address_that_the_connector_takes_reaches_it_whole(
    services_with: MakeServices, post: Post
) -> None:
    services = services_of(services_with, WithAccounts())
    assert post(services, "/webhooks/open/wx1") == (200, b"/webhooks/open/wx1")
    assert post(services, "/webhooks/open") == (200, b"/webhooks/open")


@both_ways
@pytest.mark.parametrize(
    "rest", ["gh1", "wx1/wx2", "wx" + "1" * 19, "wx1//", "wx-1", "wx\u4ee4", "wx%20", "..", "x" * 5000]
)
def test_every_other_address_is_not_there(services_with: MakeServices, post: Post, rest: str) -> None:
    services = services_of(services_with, WithAccounts())
    status, body = post(services, f"/webhooks/open/{rest}")
    assert status == 404
    assert b"/webhooks/open" not in body


@both_ways
def test_a_connector_that_says_nothing_has_no_addresses_below_its_own(
    services_with: MakeServices, post: Post
) -> None:
    assert post(services_of(services_with, OpenSource()), "/webhooks/open/wx1")[0] == 404


@both_ways
def test_a_channel_that_does_not_exist_has_none_either(services_with: MakeServices, post: Post) -> None:
    assert post(services_of(services_with, WithAccounts()), "/webhooks/nobody/wx1")[0] == 404


@both_ways
def test_the_limit_of_the_channels_bodies_counts_there_too(services_with: MakeServices, post: Post) -> None:
    services = services_of(services_with, WithAccounts())
    (channel,) = services.channels
    small = replace(channel, config=channel.config.model_copy(update={"max_body_bytes": 10}))
    exchange(services, channels=Channels([small]))
    assert post(services, "/webhooks/open/wx1")[0] == 413


@both_ways
def test_a_refusal_there_is_kept_with_its_path(services_with: MakeServices, post: Post) -> None:
    services = services_of(services_with, WithAccounts())
    (channel,) = services.channels
    closed = replace(channel, allowed_networks=parse_networks(["192.0.2.1/32"]))
    exchange(services, channels=Channels([closed]))
    assert post(services, "/webhooks/open/wx1")[0] == 403
    client: Any = create_app(services=services).test_client()
    (kept,) = client.get("/api/v1/rejections", headers=API).json["items"]
    assert (kept["channel"], kept["path"], kept["error"]) == (
        "open",
        "/webhooks/open/wx1",
        "address_not_allowed",
    )


def test_methods_are_judged_there_too(services_with: MakeServices) -> None:
    services = services_of(services_with, WithAccounts())
    client: Any = create_app(services=services).test_client()
    assert client.get("/webhooks/open/wx1").status_code == 405
    assert ask(LoopFront(create_app(services=services), services), "GET", "/webhooks/open/wx1").status == 405
