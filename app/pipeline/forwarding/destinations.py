"""Destinations: each opened once, as a route that forwards what matches, with its client, its keys and its gate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.config.destinations import DestinationConfig, secret_bytes
from app.config.rates import interval_of
from app.core.errors import Postponed
from app.core.ports import HttpAnswer
from app.core.values import Event
from app.pipeline.health import Rules
from app.pipeline.returns import Returns
from app.pipeline.router import Handler, Route
from app.security.destination_client import DestinationClient

ROUTE_PREFIX = "destination:"
BUSY_WAIT = timedelta(milliseconds=500)
PROBE_RESERVE_SECONDS = 5.0


class Gate:
    """How many events this process is sending to one destination, and when those that have to wait come back."""

    def __init__(self, places: int, interval: timedelta | None) -> None:
        self._places = places
        self._returns = Returns(interval)
        self._under_way = 0
        self._lock = threading.Lock()

    @contextmanager
    def place(self, now: datetime) -> Iterator[None]:
        """Hold one of the places; raises Postponed when all are taken."""
        with self._lock:
            is_full = self._under_way >= self._places
            self._under_way += not is_full
        if is_full:
            raise Postponed(
                "as many events as may be are under way", until=self.time_to_return(now + BUSY_WAIT)
            )
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def time_to_return(self, earliest: datetime) -> datetime:
        """Return when one that has to wait may come back, each a little later than the one before."""
        return self._returns.time_to_return(earliest)


@dataclass(frozen=True, slots=True)
class Destination:
    """One configured destination, ready to be sent to."""

    config: DestinationConfig
    client: DestinationClient
    keys: tuple[bytes, ...] = field(repr=False)
    gate: Gate
    rules: Rules

    @property
    def name(self) -> str:
        """The name in the channels file."""
        return self.config.name


@dataclass(frozen=True, slots=True)
class DestinationRoute(Route):
    """The route to a destination: its `match` list decides, by the channel's name and the event's type."""

    config: DestinationConfig = field(kw_only=True)
    send_once: Callable[[Event], HttpAnswer] = field(kw_only=True)
    """Sends one event past gate and state, which stay as they are; for an operator's test."""

    def takes(self, channel: str, platform: str, event_type: str, version: str) -> bool:
        """Say whether such an event is forwarded; platform and version play no part here."""
        return self.config.takes(channel, event_type)


def open_destination(config: DestinationConfig, ca_bundle: str = "") -> Destination:
    """Make what sending needs, once per process; `ca_bundle` counts where the destination names none."""
    pair = (config.client_certificate, config.client_key) if config.client_certificate else None
    interval = None if config.rate is None else interval_of(config.rate)
    return Destination(
        config=config,
        client=DestinationClient(
            config.url,
            timeout=config.timeout,
            ca_file=config.ca_bundle or ca_bundle or None,
            client_certificate=pair,
        ),
        keys=tuple(secret_bytes(secret) for secret in config.secret),
        gate=Gate(config.concurrency, interval),
        rules=Rules(interval, config.pause_after, timedelta(seconds=config.timeout + PROBE_RESERVE_SECONDS)),
    )


def route_to(
    config: DestinationConfig, handler: Handler, send_once: Callable[[Event], HttpAnswer]
) -> DestinationRoute:
    """Return the route of a destination."""
    return DestinationRoute(
        name=route_name(config.name),
        source="*",
        type="*",
        handler=handler,
        max_attempts=config.max_attempts,
        order_by=config.order_by,
        retry_delays=config.retry_delays,
        config=config,
        send_once=send_once,
    )


def route_name(destination: str) -> str:
    """Return the name under which dispatches to a destination are stored."""
    return ROUTE_PREFIX + destination
