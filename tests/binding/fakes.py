"""A made-up platform that binds, and builders for what happens on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.config.channels import ChannelConfig
from app.config.platform_settings import PlatformSettings
from app.core.errors import TokenRejected, UpstreamUnavailable
from app.core.identifiers import new_id
from app.core.ports import HttpClient, PlatformSpec
from app.core.values import AppToken, BindSignal, Event, SceneCode
from app.pipeline.binding.consume import bind_route
from app.pipeline.channels import Channel, Channels
from app.pipeline.router import Context
from app.pipeline.services import Services
from app.storage.database.db import Database
from tests.builders import NOW, exchange, make_services


class TypedOnly:
    """Binds by typed code and by scenes, but cannot make QR codes."""

    def bind_signal(self, event: Event) -> BindSignal | None:
        found = event.data.get("signal")
        return None if found is None else BindSignal(**found)


class Scannable(TypedOnly):
    """Has an app token and makes QR codes with it; counts and can fail."""

    refresh_app_token_before = 300

    def __init__(self) -> None:
        self.fetches = 0
        self.rejected: list[str | None] = []
        self.scenes: list[tuple[str, int]] = []
        self.refused: set[str] = set()
        self.fail: Exception | None = None
        self.expires_in = 7200
        self.before_fetch: Callable[[], None] = lambda: None
        self.image_url: str | None = "https://platform.test/qr.jpg"
        self._lock = threading.Lock()

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        with self._lock:
            self.fetches += 1
            number = self.fetches
            self.rejected.append(rejected)
        self.before_fetch()
        if self.fail is not None:
            raise self.fail
        return AppToken(f"token-{number}", self.expires_in)

    def create_scene_code(self, scene: str, ttl: int, app_token: str, http: HttpClient) -> SceneCode:
        if app_token in self.refused:
            raise TokenRejected(platform_code="40001")
        if self.fail is not None:
            raise self.fail
        self.scenes.append((scene, ttl))
        return SceneCode(f"https://platform.test/q/{scene}", self.image_url, ttl)


DOWN = UpstreamUnavailable("The platform did not answer.", platform_code="-1")


def channel(name: str, connector: object, options: Mapping[str, Any] | None = None) -> Channel:
    spec = PlatformSpec("fake", "Fake", "https://platform.test", PlatformSettings, lambda *_: connector)
    config = ChannelConfig(name=name, platform="fake", title="A fake account", options=dict(options or {}))
    return Channel(config, spec, connector, http=None, allowed_networks=(), denied_networks=())  # type: ignore[arg-type]


def binding_services(database: Database, *channels: Channel, clock: Any = None, **env: str) -> Services:
    """Return services over these channels; the default ones are `shop` (QR codes), `plain` (typed) and `deaf`."""
    services = make_services(database, clock=clock, env=env)
    opened = channels or (
        channel("shop", Scannable()),
        channel("plain", TypedOnly()),
        channel("deaf", object()),
    )
    exchange(services, channels=Channels(opened))
    exchange(services, bind_route=bind_route(services.channels, services.settings, services.own_events))
    return services


def happening(
    open_id: str = "oA",
    *,
    at: datetime | None = NOW,
    received_at: datetime | None = None,
    channel: str = "shop",
    **signal: Any,
) -> Event:
    """Return an event with a bind signal; without one when nothing is said."""
    received = received_at or (at if at is not None else NOW)
    event_id = new_id(received)
    data = {"signal": {"open_id": open_id} | signal} if signal else {}
    return Event(event_id, channel, "fake", "any", event_id, open_id, at, received, data, b"", ())


def follow(open_id: str = "oA", **about: Any) -> Event:
    return happening(open_id, subscribed=True, **about)


def leave(open_id: str = "oA", **about: Any) -> Event:
    return happening(open_id, subscribed=False, **about)


def scan(scene: str, open_id: str = "oA", **about: Any) -> Event:
    return happening(open_id, scene=scene, subscribed=True, **about)


def typed(code: str, open_id: str = "oA", **about: Any) -> Event:
    return happening(open_id, code=code, **about)


def deliver(services: Services, event: Event) -> str | None:
    """Run the binding route on an event in a transaction of its own, as its dispatch does."""
    assert services.bind_route is not None
    handler = services.bind_route.handler
    answer: str | None = services.database.run(lambda tx: handler(event, Context(attempt=1, tx=tx)))
    return answer


def later(event: Event, **amount: float) -> Event:
    """Return the same event, received later."""
    return event._replace(received_at=event.received_at + timedelta(**amount))
