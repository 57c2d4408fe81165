"""What a platform may offer, as small protocols; a route exists only for what a channel's connector implements.

A platform module ends with `PLATFORM = PlatformSpec(...)`. `spec.open(channel_name, settings)` builds a connector:
one object per configured channel that holds its typed settings and implements some of the protocols below.
Connectors are made once at start, are shared by all threads, and never change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from app.core.values import (
    AppToken,
    BindSignal,
    Event,
    Identity,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    SceneCode,
    TokenSet,
    Verified,
)


@dataclass(frozen=True, slots=True)
class PlatformSpec:
    """A kind of third party: its names, the typed settings a channel needs, and how to open a channel.

    `settings` is a pydantic model (app.config.platform_settings.PlatformSettings); `unknown_events` is the default
    for the channel key of that name.
    """

    slug: str
    display_name: str
    docs_url: str
    settings: type[Any]
    open: Callable[[str, Any], object]
    unknown_events: str = "store"


@runtime_checkable
class WebhookSource(Protocol):
    """Takes callbacks. All four are pure: bytes in, values out, no clock, no network, no store.

    Whatever the bytes, `verify` raises VerificationError or nothing; `challenge` and `parse` raise PayloadError
    (or VerificationError) or nothing; `acknowledge` never raises.
    """

    answer_within: float | None
    """Seconds an inline handler may use before the answer for STILL_RUNNING is sent; None: no limit of its own."""

    retries_failed_answers: bool
    """True when a 500 makes the platform send the event again; False: answer kindly and retry in the background."""

    methods: tuple[str, ...]
    """HTTP methods this platform sends."""

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender over the raw bytes."""

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return the answer to a set-up request, None when it is not one."""

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened."""

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Word the platform's own answer."""


@runtime_checkable
class CommandSource(Protocol):
    """Proves commands, which are always signed, and holds the key that signs their results. Pure, as WebhookSource."""

    result_key: bytes
    """Key of the Standard Webhooks signature on results; empty where no secret is configured."""

    def verify_command(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender over raw body, timestamp and nonce; raises VerificationError."""


@runtime_checkable
class OutboundUser(Protocol):
    """Calls a platform over HTTP. Without this, the origins of every address in the channel's settings count."""

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins this connector calls, as scheme://host:port."""


@runtime_checkable
class HttpClient(Protocol):
    """The only way out: one request, no redirects, bounded time and size, hosts from configuration only."""

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one request; raises UpstreamUnavailable or UpstreamError, never a library's own exception."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back; `body` is bounded. `json()` gives a JSON object or raises UpstreamError."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json_object: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, repr=False)
class AuthorizeRequest:
    """What the pipeline decided for one flow; platforms only put it into their URL."""

    redirect_uri: str
    state: str
    code_challenge: str
    scope: str | None = None


@runtime_checkable
class LoginProvider(Protocol):
    """Logs people in. Only `http` does I/O; state, PKCE values and redirect addresses come from the pipeline."""

    pkce: bool
    """True when the platform takes S256."""

    code_parameters: tuple[str, ...]
    """Names of the callback parameter that carries the code; two that differ are refused."""

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to; every value encoded, no parameter twice."""

    def exchange(self, code: str, redirect_uri: str, code_verifier: str, http: HttpClient) -> TokenSet:
        """Redeem a code once; raises UpstreamError and its kin, never repeats the call."""

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; raises TokenRejected when the platform says the token is not good."""

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; raises GrantRejected when it is dead, UpstreamUnavailable when unsure."""


@runtime_checkable
class TokenRevoker(Protocol):
    """Can end a user's tokens at the platform."""

    def revoke(self, tokens: TokenSet, http: HttpClient) -> None:
        """Tell the platform to forget the tokens."""


@runtime_checkable
class TopupSource(Protocol):
    """Has a page where the signed-in person can add money."""

    def topup_url(self, tokens: TokenSet, http: HttpClient) -> str:
        """Return that page's address; raises TokenRejected when the token is not good."""


@runtime_checkable
class AppTokenSource(Protocol):
    """Issues tokens to the application itself."""

    refresh_app_token_before: int
    """Seconds before its end at which a new one is fetched."""

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch a token; `rejected` is one the platform refused although its time was not over."""


@runtime_checkable
class SceneCodeSource(Protocol):
    """Can make a QR code that carries a scene."""

    def create_scene_code(self, scene: str, ttl: int, app_token: str, http: HttpClient) -> SceneCode:
        """Make a temporary QR code; raises TokenRejected when the app token is not good."""


@runtime_checkable
class BindSource(Protocol):
    """Knows which of its events scan a scene, type a bind code, follow or leave."""

    def bind_signal(self, event: Event) -> BindSignal | None:
        """Read an event's meaning for binding, None when it has none."""
