"""Builders: each makes one valid thing, and a test overrides only what it is about. What is signed is signed by the simulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app import platforms
from app.config.channels import parse_channels
from app.config.settings import load_settings
from app.core.values import InboundRequest
from app.factory import join_services
from app.pipeline.channels import open_channels
from app.pipeline.dispatch.attempts import DispatchResult, Record, load_events, run_loaded_claim
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.storage.queue.dispatches import Claim
from sandbox.platforms.callback.signer import body_headers

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
SECRET_KEY = "0f8b2c6d4e1a9375b7c3d5e6f1029384a5b6c7d8"
CALLBACK_SECRET = "callback-3f9d1c7b5a"
CALLBACK_CHANNEL = f"""
[channels.callback]
platform = "callback"
secret = "{CALLBACK_SECRET}"
"""


class FrozenClock:
    """A clock that only moves when a test moves it."""

    def __init__(self, now: datetime = NOW):
        self._now = now

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def advance(self, **amount: float) -> None:
        """Move forward by a timedelta's arguments."""
        self._now += timedelta(**amount)


def environment(**overrides: str) -> dict[str, str]:
    """Return an environment that starts."""
    return {"APP_ENV": "dev", "SECRET_KEY": SECRET_KEY, "API_TOKENS": "ops:ops-token-4d1f8a2b"} | overrides


def make_services(
    database: Database,
    *,
    channels: str = CALLBACK_CHANNEL,
    env: Mapping[str, str] | None = None,
    router: Router | None = None,
    clock: Any = None,
) -> Services:
    """Join services over a database; `channels` is the text of a channels file."""
    values = environment(**(env or {}))
    settings = load_settings(values)
    file = parse_channels(channels, values)
    opened, _ = open_channels(file.channels, platforms.Platforms(public_base_url=settings.public_base_url))
    return join_services(
        settings,
        database,
        opened,
        file=file,
        router=router or Router(),
        clock=clock or FrozenClock(),
    )


def exchange(services: Services, **parts: Any) -> None:
    """Put other parts into services that are in use. No running gateway does that; a test saves itself a restart."""
    for name, part in parts.items():
        object.__setattr__(services, name, part)


def envelope(event_id: str = "evt_1", event_type: str = "user_authorized", **changes: Any) -> dict[str, Any]:
    """Return a unified callback body."""
    body = {
        "event_id": event_id,
        "event_type": event_type,
        "timestamp": 1763640000,
        "data": {"user_id": "user_1"},
    }
    return body | changes


def signed_callback(
    body: Mapping[str, Any] | bytes | None = None,
    *,
    secret: str = CALLBACK_SECRET,
    path: str = "/webhooks/callback",
    headers: Mapping[str, str] | None = None,
    received_at: datetime = NOW,
    remote_addr: str = "203.0.113.7",
) -> InboundRequest:
    """Return a delivery of the unified envelope, signed by scheme `body`."""
    raw = body if isinstance(body, bytes) else json.dumps(envelope() if body is None else body).encode()
    pairs = {"Content-Type": "application/json", **body_headers(secret, raw)} | dict(headers or {})
    return InboundRequest(
        method="POST",
        path=path,
        query_string="",
        headers=tuple(pairs.items()),
        body=raw,
        remote_addr=remote_addr,
        received_at=received_at,
    )


def run_stored_claim(services: Services, claim: Claim, *, record: Record | None = None) -> DispatchResult:
    """Load the event of a claim and run its attempt, as an engine does."""
    event = load_events(services, [claim]).get(claim.event_id)
    return run_loaded_claim(services, claim, event, record=record)
