"""Everything the simulator remembers: codes, tokens, QR tickets, followers, chats and the calls it received.

In memory only, behind one lock, gone on restart. No HTTP and no protocol rules live here; those are in the
platforms' folders, which look things up and decide what to answer.
"""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import current_app

from sandbox.faults import FaultBook
from sandbox.inbox import Inbox
from sandbox.people import PEOPLE, Person
from sandbox.settings import SandboxSettings

CALLS_KEPT = 20_000


@dataclass
class Call:
    """One request that reached a simulated platform."""

    endpoint: str
    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    form: dict[str, str]
    json: Any
    at: float
    status: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Returns the call as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Grant:
    """What one person allowed one application to do."""

    platform: str
    """The platform's name, as its endpoints spell it."""
    client_id: str
    person: Person
    redirect_uri: str
    scope: str
    granted_at: float
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    switches: frozenset[str] = frozenset()
    """The switches that were on when it was given."""
    nonce: str | None = None
    """What the application wants to find again in a signed answer."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class Issued:
    """A code, access token or refresh token that was handed out."""

    value: str
    grant: Grant
    scope: str
    expires_at: float
    used: bool = False
    revoked: bool = False


@dataclass
class AppToken:
    """A token that belongs to an application instead of a person."""

    value: str
    expires_at: float
    revoked: bool = False


@dataclass(frozen=True)
class QrTicket:
    """A QR code with a scene, as a platform's account asked for it."""

    platform: str
    """The name of the platform whose chat a scan opens."""
    ticket: str
    short: str
    scene: str
    url: str
    expires_at: float


@dataclass(frozen=True)
class Bubble:
    """One line in the simulated phone's chat."""

    side: str
    """`me`, `account` or `notice`."""
    text: str
    detail: str = ""
    unfinished: str = ""
    """What to ask for the rest by, where the account has more to say."""


class SandboxState:
    """The memory of one simulator, reached as `app.extensions["sandbox"]`."""

    def __init__(
        self, settings: SandboxSettings, lifetimes: Mapping[str, int], switches: Iterable[str]
    ) -> None:
        """Starts empty; lifetimes are seconds by `name.kind`, switches are off."""
        self.settings = settings
        self._usual_lifetimes = dict(lifetimes)
        self._known_switches = tuple(switches)
        self.lock = threading.RLock()
        self.faults = FaultBook()
        self.closing = threading.Event()
        self.reset()

    def reset(self) -> None:
        """Forgets everything, faults, switches and the moved clock included."""
        with self.lock:
            self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)
            self.faults.clear()
            self.codes: dict[str, Issued] = {}
            self.access_tokens: dict[str, Issued] = {}
            self.refresh_tokens: dict[str, Issued] = {}
            self.app_tokens: dict[str, list[AppToken]] = {}
            self.pending: dict[str, Any] = {}
            self.tickets: dict[str, QrTicket] = {}
            self.messages: list[dict[str, Any]] = []
            self.inbox = Inbox()
            self.lifetimes = dict(self._usual_lifetimes)
            """Seconds; tests shorten them: `state.lifetimes["name.access_token"] = 5`."""
            self.switches = dict.fromkeys(self._known_switches, False)
            self.auto_person: str | None = None
            self.auto_decision = "allow"
            self.clock_offset = 0.0
            self._chats: dict[tuple[str, str], list[Bubble]] = {}
            self._shelves: dict[str, dict[str, Any]] = {}

    def now(self) -> float:
        """Returns Unix seconds on the simulator's own clock."""
        return time.time() + self.clock_offset

    def advance(self, seconds: float) -> None:
        """Moves the simulator's clock, to let codes and tokens expire without waiting."""
        with self.lock:
            self.clock_offset += seconds

    def record(self, call: Call) -> None:
        """Remembers a call, oldest first."""
        with self.lock:
            self._calls.append(call)

    def calls(self, endpoint: str | None = None) -> list[Call]:
        """Returns the calls received so far, all of them or those of one endpoint."""
        with self.lock:
            return [call for call in self._calls if endpoint in (None, call.endpoint)]

    def forget_calls(self) -> None:
        """Empties the list of calls and nothing else."""
        with self.lock:
            self._calls.clear()

    def issue_code(self, grant: Grant, value: str) -> Issued:
        """Hands out an authorization code for a grant."""
        expires_at = self.now() + self.lifetimes[f"{grant.platform}.code"]
        return self._keep(self.codes, Issued(value, grant, grant.scope, expires_at))

    def issue_access_token(self, grant: Grant, value: str, scope: str) -> Issued:
        """Hands out a user's access token."""
        expires_at = self.now() + self.lifetimes[f"{grant.platform}.access_token"]
        return self._keep(self.access_tokens, Issued(value, grant, scope, expires_at))

    def issue_refresh_token(self, grant: Grant, value: str, scope: str) -> Issued:
        """Hands out a user's refresh token."""
        expires_at = self.now() + self.lifetimes[f"{grant.platform}.refresh_token"]
        return self._keep(self.refresh_tokens, Issued(value, grant, scope, expires_at))

    def revoke_grant(self, grant_id: str) -> None:
        """Kills every token that came from one grant."""
        with self.lock:
            for issued in (*self.access_tokens.values(), *self.refresh_tokens.values()):
                if issued.grant.id == grant_id:
                    issued.revoked = True

    def expire_access_tokens(self, platform: str) -> None:
        """Lets all access tokens of a platform run out now, refresh tokens stay good."""
        with self.lock:
            for issued in self.access_tokens.values():
                if issued.grant.platform == platform:
                    issued.expires_at = self.now() - 1

    def is_alive(self, token: Issued | AppToken) -> bool:
        """Tells whether a token is neither revoked nor past its time."""
        return not token.revoked and token.expires_at > self.now()

    def find_ticket(self, text: str) -> QrTicket | None:
        """Finds a QR ticket by its ticket, its short name, its address or its scene."""
        wanted = text.strip()
        with self.lock:
            for ticket in reversed(self.tickets.values()):
                if wanted in (ticket.ticket, ticket.short, ticket.url, ticket.scene):
                    return ticket
        return None

    def shelf(self, name: str) -> dict[str, Any]:
        """Returns a place where one platform keeps what only it knows; `name` begins with the platform's."""
        with self.lock:
            return self._shelves.setdefault(name, {})

    def followers(self, platform: str) -> dict[str, float]:
        """Returns since when each person follows a platform's account, by the person's key."""
        return self.shelf(f"{platform}.followers")

    def scanned(self, platform: str) -> dict[str, str]:
        """Returns the scene by which each person came to follow a platform's account."""
        return self.shelf(f"{platform}.scanned")

    def say(self, platform: str, person: Person, bubble: Bubble) -> None:
        """Adds one line to a person's chat with a platform's account."""
        with self.lock:
            self._chats.setdefault((platform, person.key), []).append(bubble)

    def chat(self, platform: str, person: Person) -> list[Bubble]:
        """Returns a person's chat with a platform's account, oldest line first."""
        with self.lock:
            return list(self._chats.get((platform, person.key), []))

    def auto_answer(self) -> Person | None:
        """Returns who answers login pages by themselves, if anybody does."""
        return next((person for person in PEOPLE if person.key == self.auto_person), None)

    def _keep(self, shelf: dict[str, Issued], issued: Issued) -> Issued:
        with self.lock:
            shelf[issued.value] = issued
        return issued


def current_state() -> SandboxState:
    """Returns the state of the simulator that handles the current request."""
    state: SandboxState = current_app.extensions["sandbox"]
    return state


def random_text(length: int) -> str:
    """Returns unguessable letters and digits."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(length))
