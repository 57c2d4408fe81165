"""Services: the real parts, joined once by the factory and passed to every pipeline function."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from app.config.api_tokens import ApiToken
from app.config.channels import ChannelsFile
from app.config.clients import ClientConfig
from app.config.login_groups import LoginGroupConfig
from app.config.message_groups import MessageGroupConfig
from app.config.push_keys import PushKeyConfig
from app.config.settings import Settings
from app.config.watch import WatchConfig
from app.core.clock import Clock
from app.core.ports import HttpClient
from app.core.traces import Spans
from app.core.values import Event
from app.pipeline.channels import Channels
from app.pipeline.own_events import OwnEvents
from app.pipeline.receipts import Receipts
from app.pipeline.returns import Returns
from app.pipeline.router import HandlerTools, Route, Router
from app.security.bans import Bans
from app.security.rate_limits import RateLimits
from app.security.vault import Vault
from app.storage.channel_checks import PassedCheck
from app.storage.database.db import Database, Transaction
from app.storage.database.group_commit import GroupCommit
from app.storage.queue.dispatches import Claim
from app.telemetry.meters import Meters
from app.telemetry.shared_meters import SharedMeters

OLD_HANDLERS = "app.handlers."
"""Up to version 0.1 handlers were modules in there, and their routes are stored under such names."""

CLAIMS_HOOKS_AT_ONCE, WAIT_FOR_A_THREAD = 8, 0.25
MOST_MATCHES = 1024
"""Patterns are matched once for each type of event; types come from outside, so their number is bounded."""


class Engine(Protocol):
    """Takes over dispatches that were stored as already running, so that they need not be claimed first."""

    def reserve(self, count: int) -> bool:
        """Set places aside; False when there are not as many, and the dispatches wait in the store as usual."""

    def release(self, count: int) -> None:
        """Give places back that are not needed after all."""

    def hand_over(self, event: Event, claims: Sequence[Claim]) -> None:
        """Run these in the places set aside."""


Tell = Callable[[int], None]
"""Is told how far long work has come."""


def tell_nobody(_count: int) -> None:
    """Stand in where nobody watches."""


def _nobody_to_wake() -> None:
    """Stand in until an engine runs; the engine's own look-around finds the work all the same."""


@dataclass(slots=True)
class PruneProgress:
    """How far retention has come in this process. Times are of the steady clock. Losing this costs one walk over the old events and the followers, nothing else."""

    next_run: float = 0.0
    walk_again: float = 0.0
    bodies_done_to: tuple[datetime, str] | None = None
    followers_done_to: tuple[str, str] | None = None
    followers_again: float = 0.0
    traffic_folded_to: datetime | None = None


class OverLimit(NamedTuple):
    """A limit that is passed: the setting's name, what it allows, and what was measured last."""

    limit: str
    allowed: int
    measured: int


@dataclass(slots=True)
class Pressure:
    """Which limits are passed, as this process measured last. Whoever takes work looks at `over` and at nothing else."""

    over: tuple[OverLimit, ...] = ()
    refusals: int = 0
    """How many were turned away since the first of these limits was passed; two that come at once may count as one."""


@dataclass(slots=True)
class KnownAccounts:
    """What messages call the accounts that authorise a channel, by channel and account, as this process read it last, and until when.

    None is kept too, for a shorter time: nobody has told, or nobody knows the account.
    """

    kept: dict[tuple[str, str], tuple[str | None, datetime]] = field(default_factory=dict)


@dataclass(slots=True)
class Overrides:
    """Which channels an operator switched off, as this process read it last; `renewed_at` is of the steady clock."""

    off: frozenset[str] = frozenset()
    renewed_at: float | None = None


@dataclass(slots=True)
class NotedChecks:
    """Set-up checks that passed and are not written yet, and when the last one of each channel was noted."""

    waiting: deque[PassedCheck] = field(default_factory=deque)
    last: dict[str, float] = field(default_factory=dict)


class ClaimsPool:
    """Threads of claims hooks alone, so that a hook that hangs holds up no handler; one more waits for no thread for long."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=CLAIMS_HOOKS_AT_ONCE, thread_name_prefix="claims")
        self._free = threading.BoundedSemaphore(CLAIMS_HOOKS_AT_ONCE)

    def ask(self, hook: Callable[[Any], Any], person: Mapping[str, Any], *, seconds: float) -> Any:
        """Return what a hook says in so many seconds; raises TimeoutError, also when every thread is taken."""
        if not self._free.acquire(timeout=WAIT_FOR_A_THREAD):
            raise TimeoutError
        try:
            asked = self._threads.submit(hook, person)
        except BaseException:
            self._free.release()
            raise
        asked.add_done_callback(lambda _: self._free.release())
        try:
            return asked.result(timeout=seconds)
        finally:
            asked.cancel()


@dataclass(frozen=True, slots=True)
class MainProcess:
    """The process that started this one and can replace it; `name` is the same for all that it started."""

    name: str
    replace: Callable[[], None]


@dataclass(slots=True)
class Runtime:
    """What changes while a process runs; the factory makes it, engines and whoever runs something write to it.

    `wake` tells the engine that there is work; it is only a hint. `running` holds what this process runs at the moment,
    so that its leases are kept. `claiming` is held from looking at `running` to adding to it.
    """

    wake: Callable[[], None] = _nobody_to_wake
    engine: Engine | None = None
    running: dict[str, Claim] = field(default_factory=dict)
    claiming: threading.Lock = field(default_factory=threading.Lock)
    pruning: PruneProgress = field(default_factory=PruneProgress)
    pressure: Pressure = field(default_factory=Pressure)
    accounts: KnownAccounts = field(default_factory=KnownAccounts)
    shared_meters: SharedMeters | None = None
    """The meters of the other processes of this machine, where this one shares its own."""
    overrides: Overrides = field(default_factory=Overrides)
    checks: NotedChecks = field(default_factory=NotedChecks)
    live: object | None = None
    """The watcher of this process (operators/live.py), made when somebody listens first."""
    main_process: MainProcess | None = None
    reload_seen: str | None = None
    """The time of the last wish to be replaced that this process knows; None before it looked."""
    has_told_what_runs: bool = False
    sound_channels: dict[str, tuple[Any, datetime]] = field(default_factory=dict)
    """Channels through which messages went well, with their leave (sending/breaker.py) and until when it is good."""

    returns: dict[str, Returns] = field(default_factory=dict)
    """When messages that have to wait come back, by channel, or by channel and recipient."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a pipeline function may need: parts that stay as they were joined, and `runtime`, which changes."""

    settings: Settings
    database: Database
    channels: Channels
    router: Router
    vault: Vault
    rate_limits: RateLimits
    bans: Bans
    clock: Clock
    accepts: GroupCommit
    """Lets concurrent accepts share a commit."""
    own_events: OwnEvents
    meters: Meters
    receipts: Receipts
    bind_route: Route | None = None
    authorisations: Route | None = None
    """Takes what a platform hands over: tickets, and accounts that authorise us or do so no more."""
    payments: Route | None = None
    """Asks for payments whose notices did not come."""
    destinations: tuple[Route, ...] = ()
    commands: tuple[Route, ...] = ()
    notifications: tuple[Route, ...] = ()
    own_routes: tuple[Route, ...] = ()
    """Built-in routes that hear our own events: logouts that clients are told of."""
    clients: tuple[ClientConfig, ...] = ()
    """Systems of the channels file that log people in through us; others are in the database."""
    login_groups: tuple[LoginGroupConfig, ...] = ()
    api_tokens: tuple[ApiToken, ...] = ()
    """Those of the environment and of the channels file; the others are in the database."""
    message_groups: tuple[MessageGroupConfig, ...] = ()
    push_keys: tuple[PushKeyConfig, ...] = ()
    watch: WatchConfig = field(default_factory=WatchConfig)
    message_route: Callable[[Services, str], Route | None] | None = None
    """Makes the route of messages to a channel from its stored name; there is one for every channel, whatever its name."""
    expect: Callable[[Services, str, str, Any, Transaction | None], None] | None = None
    """Has an order waited for (payments/expect.py); here because handlers' tools are below that story."""
    lend_tools: Callable[[Services, Event, Claim, Transaction | None], HandlerTools] | None = None
    """Makes what one run of a handler is lent."""
    spans: Spans | None = None
    """Where spans go; None where nobody collects them."""
    handlers_http: HttpClient | None = None
    """The way out for handlers: to public addresses."""
    file: ChannelsFile = field(default_factory=ChannelsFile, repr=False)
    """The channels file as this process read it."""
    reread: Callable[[], tuple[Settings, ChannelsFile]] | None = None
    """Reads settings, channels file and handlers anew and joins nothing; raises ConfigurationError with every fault."""
    setting_origins: Mapping[str, str] = field(default_factory=dict)
    """Where each setting came from, by its name."""
    notices: tuple[str, ...] = ()
    """Sentences about what takes no part although somebody wrote it."""
    runtime: Runtime = field(default_factory=Runtime)
    inline_pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=32, thread_name_prefix="inline")
    )
    claims_pool: ClaimsPool = field(default_factory=ClaimsPool)
    lease_seconds: int = 30
    _matches: dict[tuple[Any, ...], tuple[Route, ...]] = field(default_factory=dict, init=False, repr=False)
    """What `matching` found before; only speed hangs on it."""

    def find_route(self, name: str) -> Route | None:
        """Return the route of that name, the built-in ones, commands and destinations included.

        What still waits for a handler that was moved out of app/handlers/ finds it under its new name.
        """
        return self._named_route(name) or self._named_route(name.replace(OLD_HANDLERS, "handlers.", 1))

    def _named_route(self, name: str) -> Route | None:
        ours = (self.bind_route, self.authorisations, self.payments)
        built_in = (*ours, *self.commands, *self.destinations, *self.notifications, *self.own_routes)
        found = next((route for route in built_in if route is not None and route.name == name), None)
        if found is None and self.message_route is not None:
            found = self.message_route(self, name)
        return found or self.router.find(name)

    def matching(self, channel: str, platform: str, event_type: str, version: str) -> tuple[Route, ...]:
        """Return the handlers, destinations and notifications that take such an event."""
        key = (channel, platform, event_type, version, len(self.router.routes))
        found = self._matches.get(key)
        if found is None:
            found = self.router.matching(channel, platform, event_type, version) + tuple(
                route
                for route in (*self.destinations, *self.notifications, *self.own_routes)
                if route.takes(channel, platform, event_type, version)
            )
            if len(self._matches) >= MOST_MATCHES:
                self._matches.clear()
            self._matches[key] = found
        return found
