"""A platform for tests of the pipeline alone: it believes everybody, and tests derive from it what they are about."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from app.config.channels import ChannelConfig
from app.config.platform_settings import PlatformSettings
from app.core.ports import PlatformSpec
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Verified,
    default_acknowledgement,
)
from app.pipeline.channels import Channel, Channels
from app.pipeline.services import Services
from tests.builders import NOW, exchange


class OpenSource:
    """Takes JSON objects with `id` and `type`."""

    answer_within: float | None = None
    retries_failed_answers = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers = Coverage.NONE

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        return Verified("test")

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        body = json.loads(verified.plaintext or request.body)
        return ParsedEvent(body["type"], body["id"], body)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        return default_acknowledgement(outcome)


def services_of(
    services_with: Callable[..., Services],
    connector: object,
    *,
    http: Any = None,
    unknown_events: Literal["store", "reject"] = "store",
    **options: Any,
) -> Services:
    """Return services whose only channel is `open`, with this connector."""
    services = services_with(**({"channels": ""} | options))
    spec = PlatformSpec("open", "Open", "https://open.example", PlatformSettings, lambda _n, _s: connector)
    config = ChannelConfig(name="open", platform="open", unknown_events=unknown_events)
    exchange(services, channels=Channels([Channel(config, spec, connector, http, (), ())]))
    return services


def delivery(
    body: bytes, *, method: str = "POST", query: str = "", headers: tuple[tuple[str, str], ...] = ()
) -> InboundRequest:
    """Return a delivery to it."""
    return InboundRequest(method, "/webhooks/open", query, headers, body, "203.0.113.7", NOW)
