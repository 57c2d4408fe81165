"""Routes: this channel or platform and this event type go to that handler. A router is a plain value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from app.core.values import Event
from app.storage.database.db import Transaction

DEFAULT_ATTEMPTS = 12


class Context(NamedTuple):
    """What a handler gets beside the event; `tx` is a transaction that commits with the dispatch (transactional only)."""

    attempt: int
    tx: Transaction | None = None


Handler = Callable[[Event, Any], Any]
OnDead = Callable[[Transaction, Event, int, Exception], None]
"""Called in the transaction that makes a dead letter, with the attempt's number and what ended it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One registration: whose events, which handler, and how it runs.

    `name` identifies the route in stored dispatches, so renaming a function orphans what still waits for it.
    `order_by` is a path into the event's data; without it the channel's own counts.
    """

    name: str
    source: str
    type: str
    handler: Handler
    inline: bool = False
    transactional: bool = False
    max_attempts: int = DEFAULT_ATTEMPTS
    order_by: str | None = None
    on_dead: OnDead | None = None

    def takes(self, channel: str, platform: str, event_type: str) -> bool:
        """Say whether an event of this channel and type goes to this handler; globs see upper and lower case."""
        return (fnmatchcase(channel, self.source) or fnmatchcase(platform, self.source)) and fnmatchcase(
            event_type, self.type
        )


class Router:
    """A list of routes, filled by decoration."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def on(
        self,
        source: str,
        event_type: str = "*",
        *,
        inline: bool = False,
        transactional: bool = False,
        max_attempts: int = DEFAULT_ATTEMPTS,
        name: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register a handler for a channel or platform glob and an event-type glob."""

        def register(handler: Handler) -> Handler:
            route_name = name or f"{handler.__module__}.{handler.__qualname__}"
            self.add(Route(route_name, source, event_type, handler, inline, transactional, max_attempts))
            return handler

        return register

    def add(self, route: Route) -> None:
        """Add one route; raises ValueError when its name is taken by another handler."""
        for known in self.routes:
            if known.name == route.name and known.handler is not route.handler:
                raise ValueError(f"two handlers are called {route.name}; give one a name of its own")
        self.routes.append(route)

    def include(self, other: Router) -> None:
        """Add all routes of another router."""
        for route in other.routes:
            self.add(route)

    def matching(self, channel: str, platform: str, event_type: str) -> tuple[Route, ...]:
        """Return the routes that take such an event, each handler once, in the order they were registered."""
        found: dict[str, Route] = {}
        for route in self.routes:
            if route.takes(channel, platform, event_type):
                found.setdefault(route.name, route)
        return tuple(found.values())

    def find(self, name: str) -> Route | None:
        """Return the route of that name."""
        return next((route for route in self.routes if route.name == name), None)
