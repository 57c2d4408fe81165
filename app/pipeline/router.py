"""Routes: this channel or platform and this event type go to that handler. A router is a plain value.

Beside the routes of events there are those of deaths: what runs when a dispatch became a dead letter. They have names
of their own in stored dispatches, which say what died (OnDeadName); how they are stored and run is in dispatch/on_dead.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Protocol, TypeVar

from app.config.retries import DEFAULT_ATTEMPTS, attempts_of, read_delays
from app.core.ports import HttpClient
from app.core.traces import Trace
from app.core.values import Event
from app.storage.database.db import Transaction
from app.storage.queue.dispatches import Claim

ON_DEAD_PREFIX = "on_dead:"
ON_DEAD_NAME = re.compile(r"on_dead:(.+):([0-9a-f]{32}):([0-9]{1,9})")
MOST_OF_ON_DEAD_NAME = 128
"""With what is put around it, such a name must fit into the column of routes."""


class Death(NamedTuple):
    """What a handler of deaths is told: the route that died, after how many attempts, and its last error, redacted.

    Attempts count from the first one on, over all replays.
    """

    route: str
    attempts: int
    error: str


class HandlerTools(Protocol):
    """What a gateway lends to one run of a handler; Context hands it on. pipeline/sending/handler_tools.py implements it."""

    @property
    def http(self) -> HttpClient:
        """The guarded client: public addresses only, bounded time and size, no redirects."""

    def send(self, body: Mapping[str, Any]) -> str:
        """Have a message sent and return its id; once for each call of a run, however often the run is repeated."""

    def reply(self, body: Mapping[str, Any]) -> str:
        """Have a message sent to whoever caused the event, and return its id."""

    def app_token(self, channel: str) -> str:
        """Return a token of a channel's application that works now."""

    def user_token(self, identity_id: str) -> str:
        """Return a token of a person that works now."""

    def expect_payment(self, channel: str, order: str, by: Any) -> None:
        """Have an order waited for."""

    def count(self, name: str, labels: Mapping[str, object], by: float) -> None:
        """Add to a metric of the handler's own."""

    def observe(self, name: str, value: float) -> None:
        """Put a value into a histogram of the handler's own."""


class Context(NamedTuple):
    """What a handler gets beside the event.

    `tx` is a transaction that commits with the dispatch (transactional only); `death` says what died (on_dead only).
    `claim` is the run itself, for the gateway's own handlers; `trace` is what logs and traces know it by.
    """

    attempt: int
    tx: Transaction | None = None
    death: Death | None = None
    claim: Claim | None = None
    tools: HandlerTools | None = None
    trace: Trace | None = None

    @property
    def trace_id(self) -> str:
        """The trace of the event, 32 hex digits, as every line of the log has it; empty outside of a gateway."""
        return "" if self.trace is None else self.trace.trace_id

    @property
    def traceparent(self) -> str:
        """The header with which a call of the handler's own goes on with the trace; empty outside of a gateway."""
        return "" if self.trace is None else self.trace.traceparent

    def send(self, channel: str | Sequence[str], text: str = "", **more: Any) -> str:
        """Have a message sent through a channel, or several, and return its id; `more` is what POST /api/v1/messages takes.

        It is stored now, or with `tx` where there is one, and sent in the background. A repeated run does not send it again:
        the first, second … call of a run is the same message each time. Raises RequestError for what is wrong with it.
        """
        names = [channel] if isinstance(channel, str) else list(channel)
        return self._lent().send({"channels": names, **_said(text), **more})

    def reply(self, text: str = "", **more: Any) -> str:
        """Have a message sent to whoever caused the event, as `send` does; raises PermanentError where that is not possible."""
        return self._lent().reply({**_said(text), **more})

    def app_token(self, channel: str) -> str:
        """Return the token that all of this gateway's processes share for a channel; raises UpstreamError."""
        return self._lent().app_token(channel)

    def user_token(self, identity_id: str) -> str:
        """Return a person's access token, refreshed when it is due; raises GrantRejected when they must log in again."""
        return self._lent().user_token(identity_id)

    def expect_payment(self, channel: str, order: str, by: int | str) -> None:
        """Wait for the notice of an order until `by` (seconds from now, or a time with its zone), then have the platform asked.

        Stored now, or with `tx` where there is one; asking twice for an order moves the time. Raises RequestError, RefusedError.
        """
        self._lent().expect_payment(channel, order, by)

    # A tuple has a `count` of its own, which nobody needs of a context.
    def count(self, name: str, by: float = 1, /, **labels: object) -> None:  # type: ignore[override]
        """Add to `callgate_handler_<name>_total` of /metrics; labels are few words of your own, never ids or texts from outside.

        Counted at once, also when the run fails or is repeated. Raises ValueError for what is no name.
        """
        self._lent().count(name, labels, by)

    def observe(self, name: str, value: float, /) -> None:
        """Put a value, as a rule seconds, into the histogram `callgate_handler_<name>` of /metrics; raises as `count`."""
        self._lent().observe(name, value)

    @property
    def http(self) -> HttpClient:
        """The client for calls to the outside: public addresses only, eight seconds and a megabyte at most."""
        return self._lent().http

    def _lent(self) -> HandlerTools:
        if self.tools is None:
            raise RuntimeError(
                "This works in a running gateway only; a test gives the context tools of its own."
            )
        return self.tools


def _said(text: str) -> dict[str, str]:
    return {"text": text} if text else {}


Handler = Callable[[Event, Any], Any]
AtDeath = Callable[[Transaction, Event, int, Exception], None]
"""Called in the transaction that makes a dead letter, with the attempt's number and what ended it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One registration: whose events, which handler, and how it runs.

    `name` identifies the route in stored dispatches, so renaming a function orphans what still waits for it.
    `order_by` is a path into the event's data; without it the channel's own counts. `retry_delays` are the seconds
    between tries, the last one repeated; without any the usual schedule counts.
    """

    name: str
    source: str
    type: str
    handler: Handler
    inline: bool = False
    transactional: bool = False
    max_attempts: int = DEFAULT_ATTEMPTS
    order_by: str | None = None
    version: str = "*"
    retry_delays: tuple[float, ...] = ()
    at_death: AtDeath | None = None

    def takes(self, channel: str, platform: str, event_type: str, version: str) -> bool:
        """Say whether such an event goes to this handler; globs see upper and lower case."""
        return (
            (fnmatchcase(channel, self.source) or fnmatchcase(platform, self.source))
            and fnmatchcase(event_type, self.type)
            and fnmatchcase(version, self.version)
        )


@dataclass(frozen=True, slots=True)
class OnDeadRoute(Route):
    """A registration for deaths: `watches` is a glob for the name of the route that died."""

    watches: str = "*"


class OnDeadName(NamedTuple):
    """The stored name of a dispatch that a death made: its handler, and which attempt of which dispatch was the last.

    Every death has an attempt number of its own, so it makes these dispatches once, and a later death makes others.
    """

    handler: str
    dispatch_id: str
    attempt: int

    def __str__(self) -> str:
        return f"{ON_DEAD_PREFIX}{self.handler}:{self.dispatch_id}:{self.attempt}"


def read_on_dead_name(route: str) -> OnDeadName | None:
    """Return what a stored route name says about a death, None for every other route."""
    if not route.startswith(ON_DEAD_PREFIX):
        return None
    match = ON_DEAD_NAME.fullmatch(route)
    return None if match is None else OnDeadName(match[1], match[2], int(match[3]))


ClaimsFunction = Callable[[dict[str, Any]], Mapping[str, Any]]


class ClaimsHook(NamedTuple):
    """What supplies claims of a scope; it is given `user_id` `channel` `subject` `union_id` `name` of a person."""

    name: str
    scope: str
    function: ClaimsFunction


Delays = Sequence[float | str]
AnyRoute = TypeVar("AnyRoute", bound=Route)


class Router:
    """Two lists of routes, filled by decoration: those of events, and those of dispatches that died."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self.on_dead_routes: list[OnDeadRoute] = []
        self.claims_hooks: list[ClaimsHook] = []

    def on(
        self,
        source: str,
        event_type: str = "*",
        *,
        version: str = "*",
        inline: bool = False,
        transactional: bool = False,
        max_attempts: int | None = None,
        retry_delays: Delays | None = None,
        name: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register a handler for a channel or platform glob, an event-type glob and a version glob.

        `retry_delays` are seconds or texts such as "5 min"; raises ValueError for values that cannot be used.
        """

        def register(handler: Handler) -> Handler:
            route_name = name or _name_of(handler)
            most, delays = _tries(route_name, max_attempts, retry_delays)
            self.add(
                Route(
                    route_name,
                    source,
                    event_type,
                    handler,
                    inline,
                    transactional,
                    most,
                    version=version,
                    retry_delays=delays,
                )
            )
            return handler

        return register

    def on_dead(
        self,
        source: str = "*",
        event_type: str = "*",
        *,
        route: str = "*",
        version: str = "*",
        transactional: bool = False,
        max_attempts: int | None = None,
        retry_delays: Delays | None = None,
        name: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register a handler that runs, as a dispatch of its own, when a dispatch of such an event dies.

        `route` is a glob for the name of the route that died; `context.death` says which it was. The event stays dead.
        """

        def register(handler: Handler) -> Handler:
            route_name = _short_enough(name or _name_of(handler))
            most, delays = _tries(route_name, max_attempts, retry_delays)
            self.add_on_dead(
                OnDeadRoute(
                    route_name,
                    source,
                    event_type,
                    handler,
                    transactional=transactional,
                    max_attempts=most,
                    version=version,
                    retry_delays=delays,
                    watches=route,
                )
            )
            return handler

        return register

    def claims(self, scope: str) -> Callable[[ClaimsFunction], ClaimsFunction]:
        """Register what the company itself says about a person to clients with a scope: a function of the person, returning a dict."""

        def register(function: ClaimsFunction) -> ClaimsFunction:
            self.claims_hooks.append(ClaimsHook(_name_of(function), scope, function))
            return function

        return register

    def add(self, route: Route) -> None:
        """Add one route; raises ValueError when its name is taken by another handler or kept for deaths."""
        if route.name.startswith(ON_DEAD_PREFIX):
            raise ValueError(
                f"the handler {route.name} needs another name; {ON_DEAD_PREFIX} is kept for on_dead"
            )
        _add_once(self.routes, route)

    def add_on_dead(self, route: OnDeadRoute) -> None:
        """Add one route of deaths; raises ValueError when its name is taken by another one."""
        _add_once(self.on_dead_routes, route)

    def include(self, other: Router) -> None:
        """Add all routes of another router."""
        for route in other.routes:
            self.add(route)
        for on_dead_route in other.on_dead_routes:
            self.add_on_dead(on_dead_route)
        self.claims_hooks += other.claims_hooks

    def matching(
        self, channel: str, platform: str, event_type: str, version: str = "v1"
    ) -> tuple[Route, ...]:
        """Return the routes that take such an event, each handler once, in the order they were registered."""
        return _each_once(
            route for route in self.routes if route.takes(channel, platform, event_type, version)
        )

    def matching_death(self, event: Event, died: str) -> tuple[OnDeadRoute, ...]:
        """Return the routes that run when this route of an event has died, each handler once."""
        return _each_once(
            route
            for route in self.on_dead_routes
            if fnmatchcase(died, route.watches)
            and route.takes(event.channel, event.platform, event.type, event.version)
        )

    def find(self, name: str) -> Route | None:
        """Return the route of that stored name."""
        death = read_on_dead_name(name)
        if death is not None:
            return next((route for route in self.on_dead_routes if route.name == death.handler), None)
        return next((route for route in self.routes if route.name == name), None)


def _short_enough(name: str) -> str:
    """Return the name of a handler of deaths that fits among what is put around it; raises ValueError."""
    if len(name) > MOST_OF_ON_DEAD_NAME:
        raise ValueError(
            f"the on_dead handler {name} needs a shorter name ({MOST_OF_ON_DEAD_NAME} characters at most); "
            "give it one with name="
        )
    return name


def _name_of(handler: Callable[..., Any]) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def _tries(name: str, max_attempts: int | None, retry_delays: Delays | None) -> tuple[int, tuple[float, ...]]:
    """Return how many tries there are and the waits between them; raises ValueError that names the handler."""
    if max_attempts is not None and (type(max_attempts) is not int or max_attempts < 1):
        raise ValueError(f"max_attempts of {name} must be a whole number from 1 on")
    try:
        delays = () if retry_delays is None else read_delays(retry_delays)
    except ValueError as error:
        raise ValueError(f"retry_delays of {name} {error}") from None
    return attempts_of(max_attempts, delays), delays


def _add_once(routes: list[AnyRoute], route: AnyRoute) -> None:
    for known in routes:
        if known.name == route.name and known.handler is not route.handler:
            raise ValueError(f"two handlers are called {route.name}; give one a name of its own")
    routes.append(route)


def _each_once(routes: Iterable[AnyRoute]) -> tuple[AnyRoute, ...]:
    found: dict[str, AnyRoute] = {}
    for route in routes:
        found.setdefault(route.name, route)
    return tuple(found.values())
