"""What a platform may offer, as small protocols; a route exists only for what a channel's connector implements.

Callbacks: WebhookSource, and beside it SetUpSource, KeyFinder, BatchSource, RefusalWording, AdvisedSource, CredentialBearer;
CommandSource; ConfirmableSource, which is in app.core.confirmations.
Logins: LoginProvider, and beside it DiscoveringLogin, LoginPages, AppTokenLogin, PostedReturn; DirectLogin, UserDataSource; TokenRevoker, TopupSource.
Logins in a group: app.core.login_choice; two more: app.core.login_ports. Sending: Sender, in app.core.sending. Calls out: AppTokenSource, SceneCodeSource. Binding: BindSource. The way out: HttpClient.

A platform module ends with `PLATFORM = PlatformSpec(...)`. `spec.open(channel_name, settings)` builds a connector:
one object per configured channel that holds its typed settings and implements some of the protocols below.
Connectors are made once at start, are shared by all threads, and never change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from app.core.consoles import Console
from app.core.errors import RequestError
from app.core.values import (
    JSON,
    AppToken,
    BindSignal,
    CodeGrant,
    Coverage,
    CredentialPlaces,
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
    for the channel key of that name; `console` is where the application is set up at the platform, None where nobody wrote it down.
    """

    slug: str
    display_name: str
    docs_url: str
    settings: type[Any]
    open: Callable[[str, Any], object]
    unknown_events: str = "store"
    console: Console | None = None


@runtime_checkable
class WebhookSource(Protocol):
    """Takes callbacks. All four are pure: bytes in, values out, no clock, no network, no store.

    Whatever the bytes, `verify` raises VerificationError or nothing; `challenge` and `parse` raise PayloadError
    (or VerificationError) or nothing; `acknowledge` never raises. A body that is wrapped (Slack's form field, a JSON
    text within JSON, Base64, gzip) is unwrapped by `verify` with app.wire.wrapped_bodies and handed on as
    `Verified.plaintext`. A value that must equal a setting (Alipay's app_id and seller_id) is a `Requirement`.
    """

    answer_within: float | None
    """Seconds an inline handler may use before the answer for STILL_RUNNING is sent; None: no limit of its own."""

    retries_failed_answers: bool
    """True when a 500 makes the platform send the event again; False: answer kindly and retry in the background.

    Under pressure new events of the first kind are refused with 503 and `Retry-After`, and those of the second stored.
    """

    methods: tuple[str, ...]
    """HTTP methods this platform sends."""

    @property
    def signature_covers(self) -> Coverage:
        """Say what an accepted request of this channel is proven for; the least of all that the channel accepts."""

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove the sender over the raw bytes."""

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return the answer to a set-up request, None when it is not one."""

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened."""

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Word the platform's own answer; its words may differ for each situation (Alipay's success and fail)."""


class Handshake(Protocol):
    """One form of set-up request; pure. Raises VerificationError when it is one and not proven as it should be."""

    name: str

    def answer(self, request: InboundRequest, now: datetime) -> Reply | None:
        """Return the answer, None when the request is something else."""


@runtime_checkable
class SetUpSource(Protocol):
    """Has set-up requests that are told apart before anything is proven (Microsoft Graph, QQ bot, Zoom), one or several.

    What a platform proves like every other request (WeChat, Feishu) stays with WebhookSource.challenge. A handshake
    that signs a caller's text with the key of events limits that text.
    """

    handshakes: tuple[Handshake, ...]
    """Asked in this order; the first answer goes out, and nothing is stored."""


@runtime_checkable
class KeyFinder(Protocol):
    """Proves with keys that are found while running (WeChat Pay's certificates, the one an AWS SNS message names).

    Read the claim, get the key, verify: only the middle step does I/O. The pipeline keeps what was found for
    `key_seconds`, asks once at a time, seldom, and remembers for a while that a key does not exist.
    """

    key_seconds: int
    """How long a found key may be used, in seconds."""

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return which key the request says it is signed with, None when a configured one decides; pure."""

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Fetch keys by name, the claimed one too if it exists; `now` is for signed requests; raises UpstreamError and its kin."""

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with a found key; pure, raises VerificationError."""


@runtime_checkable
class BatchSource(Protocol):
    """Sends several events in one delivery (Alertmanager, SendGrid, Microsoft Graph); takes the place of `parse`."""

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        """Say what happened, each element with its own key; none is fine. Raises PayloadError; pure."""


@runtime_checkable
class RefusalWording(Protocol):
    """Words refusals in the platform's own form too (WeChat Pay's `{"code":"FAIL"}`, UnionPay's `fail`)."""

    def refuse(self, request: InboundRequest, error: RequestError) -> Reply | None:
        """Return the answer to a refused request, None for the uniform one; keeps `error.http_status`; never raises.

        UnderPressure (503) is among them: the words must say "come again". `Retry-After` is added to what is returned.
        """


@runtime_checkable
class AdvisedSource(Protocol):
    """Knows a weakness of its own configuration that operators should hear of (WeChat's plain mode)."""

    @property
    def advice(self) -> str | None:
        """Return what the proof cannot prove and what to set instead, None when all is well."""


@runtime_checkable
class CredentialBearer(Protocol):
    """Gets requests that hold a credential where other platforms have none (Feishu's token within the body).

    It is masked in what is stored, shown and handed on; the exact request is kept sealed where that changes it.
    """

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        """Return the places in a request that says this; all there are for None, a request that was refused. Pure."""


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
    """What the pipeline decided for one flow; platforms only put it into their URL.

    `page` is one of LoginPages.pages, empty where a channel has one page only. `nonce` is for platforms that repeat it in
    what they sign (OpenID Connect).
    """

    redirect_uri: str
    state: str
    code_challenge: str
    scope: str | None = None
    page: str = ""
    nonce: str = ""


@runtime_checkable
class LoginProvider(Protocol):
    """Logs people in. Only `http` does I/O; state, PKCE values and redirect addresses come from the pipeline."""

    pkce: bool
    """True when the platform takes S256."""

    code_parameters: tuple[str, ...]
    """Names of the return's parameter that carries the code; two that differ are refused."""

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to; every value encoded, no parameter twice."""

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code once; raises UpstreamError and its kin, never repeats the call."""

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; raises TokenRejected when the platform says the token is not good."""

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; raises GrantRejected when it is dead, UpstreamUnavailable when unsure."""


@runtime_checkable
class DiscoveringLogin(Protocol):
    """Learns its server's addresses from that server (OpenID Connect discovery).

    The pipeline has it learn before a login starts and before its return is judged. What the server names is judged once
    more where it is connected to: all but `private_hosts` must be public.
    """

    @property
    def private_hosts(self) -> frozenset[str]:
        """Return the hosts (host or host:port) that may be private."""

    @property
    def return_issuer(self) -> str:
        """Return the only value that `iss` of a return may have."""

    def learn(self, http: HttpClient) -> None:
        """Make sure that the addresses are known; at once when they are. Raises UpstreamError and its kin."""


@runtime_checkable
class LoginPages(Protocol):
    """Has login pages of several kinds on one channel: inside the platform's app, by QR on a desktop (WeCom, DingTalk)."""

    pages: tuple[str, ...]
    """The kinds, by which `authorize_url` and `exchange` are asked."""

    def page_for(self, user_agent: str) -> str:
        """Choose one of `pages` by the browser's User-Agent, which is bounded text from outside; pure."""


@runtime_checkable
class AppTokenLogin(Protocol):
    """Asks who logged in with the application's own token (WeCom, DingTalk in the company); it is an AppTokenSource too.

    `CodeGrant.app_token` and `TokenSet.app_token` then hold the token. TokenRejected makes the pipeline renew it and
    repeat that call once: such platforms look at the token before they spend a code.
    """

    login_needs_app_token: bool


@runtime_checkable
class PostedReturn(Protocol):
    """Comes back from its login page with a POST (Apple).

    It is answered with 303 to the same address by GET, because a cookie that proves the browser does not come along
    with another site's POST; state and browser are checked then. Only the usual parameters and `return_parameters`
    survive; the latter reach `exchange` as CodeGrant.parameters.
    """

    return_parameters: tuple[str, ...]


@runtime_checkable
class DirectLogin(Protocol):
    """Logs people in by a code that a program of the platform's own got, without a page; secrets go into TokenSet.extra."""

    def redeem_code(self, code: str, http: HttpClient) -> TokenSet:
        """Redeem a code once; raises UpstreamError and its kin."""

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; raises TokenRejected when the platform says the token is not good."""


@runtime_checkable
class UserDataSource(Protocol):
    """Reads what a program of the platform's own hands over about its person: sealed data, a code for a phone number."""

    def open_user_data(self, tokens: TokenSet, *, encrypted_data: str, iv: str, now: datetime) -> JSON:
        """Open data that was sealed with the person's session; raises RequestError, one and the same for every fault. Pure."""

    def phone_number(self, code: str, app_token: str, http: HttpClient) -> JSON:
        """Trade a code once; raises TokenRejected when the app token is stale, UpstreamError and its kin."""


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
