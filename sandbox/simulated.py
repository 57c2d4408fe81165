"""What a simulated platform says about itself: small frozen types, and the one value each folder ends with.

A folder in `platforms/` builds a `Simulated` from what that platform has; the shared part of the simulator
shows, signs and counts what it finds there and names no platform. Types only, no behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response

from sandbox.people import Person
from sandbox.settings import SandboxSettings
from sandbox.state import QrTicket, SandboxState
from sandbox.words import Words


@dataclass(frozen=True)
class Credential:
    """One environment variable that gateway and simulated platform read alike, with its fictional value."""

    variable: str
    value: str
    choices: tuple[str, ...] = ()
    """The only values it may have; empty: any."""
    in_example: bool = True
    """False keeps it out of `.env.example`: the simulator reads it, the sample channel needs no line for it."""


@dataclass(frozen=True)
class Address:
    """One environment variable that leads the gateway's sample channel to the simulator instead of the real host."""

    variable: str
    path: str
    """Path on the simulator, such as `/name/api`."""


@dataclass(frozen=True)
class SampleChannel:
    """The channel table that the sample channels file holds for this platform."""

    name: str
    title: str
    options: Mapping[str, Any]
    """Keys and values as they are written; `${NAME}` is filled in by the gateway."""


@dataclass(frozen=True)
class Moment:
    """What a sample is built from."""

    settings: SandboxSettings
    person: Person
    now: float


@dataclass(frozen=True)
class Sample:
    """One kind of event that can be fired."""

    type: str
    title: Words
    build: Callable[[Moment], dict[str, Any]]
    """Returns the body before signing and encryption."""


@dataclass(frozen=True)
class Order:
    """What is to be fired, as the control API or a page asked for it."""

    channel: str
    type: str
    platform: str
    """The slug."""
    count: int = 1
    duplicate: int = 0
    reorder: bool = False
    parallel: int = 1
    person: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    """Laid over the sample's own body."""
    options: dict[str, Any] = field(default_factory=dict)
    """`path`, `timeout` and whatever the platform's own signer understands."""


@dataclass(frozen=True)
class Outgoing:
    """One request, ready to be sent as often as wanted."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    event_id: str


def usual_path(order: Order) -> str:
    """Returns the address that the gateway gives every channel."""
    return f"/webhooks/{order.channel}"


@dataclass(frozen=True)
class Callbacks:
    """What a platform sends to the gateway by itself."""

    samples: tuple[Sample, ...]
    sign: Callable[[SandboxState, Order, dict[str, Any], str], Outgoing]
    """Turns a body into the exact request for a path; raises ValueError for an option it does not know."""
    path: Callable[[Order], str] = usual_path
    """Where a request goes when the order names no path."""
    seconds_apart: bool = False
    """True where only the second tells two events apart, so that several at once get different ones."""
    read_answer: Callable[[SandboxState, bytes], dict[str, Any]] | None = None
    """Adds what the gateway's answer says, once it is opened, to the result."""
    remember: Callable[[SandboxState, Order], None] | None = None
    """Remembers what a sent event changed at the platform."""


@dataclass(frozen=True)
class Login:
    """A login that people go through on the platform's own page."""

    hint: Words
    """What the tile of the front page says below the platform's title."""
    channel: Callable[[SandboxSettings], str] | None = None
    """The gateway's channel to start at; None: the sample channel."""


@dataclass(frozen=True)
class Action:
    """Something a person does in a chat: `follow`, `unfollow`, `click`, `text` or `scan`.

    Where nobody follows it is `open` or `text`, and `rest` (with what to ask by) for what comes after an unfinished answer.
    """

    kind: str
    text: str = ""
    ticket: QrTicket | None = None
    follows: bool = True


def nothing_more(_reply: Mapping[str, Any]) -> str:
    """Returns nothing: every answer is whole."""
    return ""


@dataclass(frozen=True)
class Chat:
    """A conversation with an account of this platform, which the simulated phone shows."""

    title: Words
    account: Callable[[SandboxSettings], str]
    """The account's own id, as a person sees it after a scan."""
    identifier: Callable[[Person, SandboxSettings], str]
    """What the account knows a person by."""
    event: Callable[[Action], tuple[str, dict[str, Any]]]
    """Returns type and changed fields of the sample that an action causes."""
    reply_text: Callable[[Mapping[str, Any]], str]
    """Puts an opened answer into words for the screen."""
    failure: Words
    """What the screen says when the gateway did not answer as it should."""
    patience_seconds: float = 5.0
    deliveries: int = 3
    """How often the same event is delivered until an answer is good."""
    has_followers: bool = True
    """False where whoever opens the chat may write: there is nothing to follow and no code to scan."""
    identifier_name: str = "OpenID"
    unfinished: Callable[[Mapping[str, Any]], str] = nothing_more
    """Returns what to ask for the rest of an opened answer by, empty where it is whole."""


@dataclass(frozen=True)
class Preset:
    """A fault that can be set with one press; the endpoint may be a glob."""

    key: str
    endpoint: str
    kind: str
    times: int
    options: Mapping[str, Any]
    title: Words


@dataclass(frozen=True)
class Look:
    """The colours of a platform's pages and tile, on light and on dark paper."""

    accent: str
    dark_accent: str
    on_dark_accent: str
    on_accent: str = "#fff"


def no_identities(_person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Returns nothing: the platform gives people no identifiers."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """One simulated platform as the shared part sees it."""

    slug: str
    title: Words
    named: Words | None = None
    """How a sentence names it, when that is not the title."""
    place: int = 100
    """Where it stands in lists; equal places are sorted by slug."""
    credentials: tuple[Credential, ...]
    addresses: tuple[Address, ...] = ()
    channel: SampleChannel
    blueprint: Blueprint | None = None
    """Its own pages and endpoints, called like the folder; calls to them are recorded and can be given faults."""
    controls: tuple[Blueprint, ...] = ()
    """More routes for tests and tools; not recorded."""
    refusal: Callable[[int], Response | None] | None = None
    """Answers an unknown address or method below the blueprint; None: JSON, or a page where it returns None."""
    callbacks: Callbacks | None = None
    login: Login | None = None
    chat: Chat | None = None
    look: Look | None = None
    identities: Callable[[Person, SandboxSettings], dict[str, Any]] = no_identities
    """Names a person's identifiers here, for tests and tools."""
    lifetimes: Mapping[str, int] = field(default_factory=dict)
    """Seconds that codes and tokens live, by their kind."""
    switches: tuple[str, ...] = ()
    """Ways of behaving that tests can switch on."""
    expired: Mapping[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Status and body that say a token has expired, by endpoint; `*` stands for all others."""
    presets: tuple[Preset, ...] = ()
    service: Callable[[SandboxState], Callable[[], None] | None] | None = None
    """Starts what needs a port of its own beside the simulator (a mail server), and returns what ends it."""
    first_message: str = ""
    """What stands behind `flask messages send` for a first message here, channel first, such as `shop --text Hello`; empty: it takes none."""

    @property
    def name(self) -> str:
        """The slug as folders, endpoints and addresses spell it."""
        return self.slug.replace("-", "_")

    def login_channel(self, settings: SandboxSettings) -> str:
        """Returns the gateway's channel at which a login starts."""
        chosen = self.login.channel if self.login is not None else None
        return self.channel.name if chosen is None else chosen(settings)
