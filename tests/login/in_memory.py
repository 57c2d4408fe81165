"""Logins with a platform that lives in memory and does what a test tells it to; the person's code is made up by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from app.config.channels import ChannelConfig
from app.config.platform_settings import PlatformSettings
from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient, PlatformSpec
from app.core.values import CodeGrant, Identity, TokenSet
from app.pipeline.channels import Channel, Channels
from app.storage.database.db import Database
from tests.builders import FrozenClock, exchange, make_services
from tests.login.browser import BASE_URL, Browser, Started
from tests.login.gateway import Gateway

ENVIRONMENT = {"PUBLIC_BASE_URL": BASE_URL, "RETURN_URLS": "https://app.example/cb", "RATELIMIT_ENABLED": "0"}


@dataclass
class FakePlatform:
    """Logs in whom `person` names; each list records what was asked, each script may be replaced by a test."""

    issuer: str
    pkce: bool = True
    code_parameters: tuple[str, ...] = ("code",)
    issuer_parameter: str | None = None
    person: Identity | None = None
    lifetime: int | None = 7200
    exchanged: list[tuple[str, str, str]] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    on_exchange: Callable[[], None] = lambda: None
    on_identity: Callable[[TokenSet], None] = lambda _: None
    on_refresh: Callable[[TokenSet], TokenSet | None] = lambda _: None
    lock: Any = field(default_factory=threading.Lock)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        query = {
            "state": request.state,
            "redirect_uri": request.redirect_uri,
            "challenge": request.code_challenge,
        }
        return f"https://login.fake.example/authorize?{urlencode(query)}"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        self.exchanged.append((grant.code, grant.redirect_uri, grant.code_verifier))
        self.on_exchange()
        return TokenSet(
            f"access-{grant.code}", self.lifetime, f"refresh-{grant.code}", scope="profile balance"
        )

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        self.on_identity(tokens)
        return self.person or Identity(self.issuer, "user_id", "u1", "Ada", "https://pic.example/a.png")

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        with self.lock:
            self.refreshed.append(tokens.refresh_token or "")
            number = len(self.refreshed)
        scripted = self.on_refresh(tokens)
        return scripted or TokenSet(f"access-r{number}", 7200, f"refresh-r{number}")

    def revoke(self, tokens: TokenSet, http: HttpClient) -> None:
        self.revoked.append(tokens.access_token)

    def topup_url(self, tokens: TokenSet, http: HttpClient) -> str:
        self.on_identity(tokens)
        return "https://fake.example/topup"


@dataclass
class ProgramPlatform:
    """Trades codes of its own programs; it has no page. Codes that begin with `foreign` are another program's."""

    SESSION_KEY: ClassVar[str] = "tiihtNczf5v6AKRyjwEUhQ=="
    codes: list[str] = field(default_factory=list)

    def redeem_code(self, code: str, http: HttpClient) -> TokenSet:
        if code.startswith("foreign"):
            raise UpstreamError("upstream_refused", "The code is another program's.", platform_code="40029")
        if code in self.codes:
            raise GrantRejected("The code was used before.")
        self.codes.append(code)
        return TokenSet("unused", extra={"session_key": self.SESSION_KEY})

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        return Identity("program:1", "open_id", "o-1", union_id="u-1")


def channel_of(name: str, platform: Any) -> Channel:
    spec = PlatformSpec("fake", "Fake", "https://fake.example", PlatformSettings, lambda _n, _s: platform)
    http: Any = None
    return Channel(ChannelConfig(name=name, platform="fake"), spec, platform, http, (), ())


class CodeBrowser(Browser):
    """A browser that comes back from the platform with a code that a test made up."""

    usual_channel = "fake"
    other_channel = "other"

    def finish(
        self, started: Started | str, code: str = "c1", channel: str | None = None, **options: Any
    ) -> TestResponse:
        """Come back to the gateway, with what was started or with a state alone."""
        state = started if isinstance(started, str) else started.state
        path = f"/oauth/{channel or self.usual_channel}/callback"
        return self.get(f"{path}?{urlencode({'state': state, 'code': code})}", **options)

    def log_in(self, code: str = "c1", channel: str | None = None) -> TestResponse:
        answer = self.finish(self.start(channel), code, channel)
        assert answer.status_code == 303, answer.text
        return answer

    def start_link(self, channel: str | None = None) -> Started:
        # Identities are listed by age, so the second one must be younger.
        self._gateway.clock.advance(seconds=1)
        return super().start_link(channel)


@dataclass
class InMemoryGateway(Gateway):
    """A gateway with channels of platforms in memory."""

    platforms: dict[str, Any]

    @property
    def fake(self) -> FakePlatform:
        """Return the platform behind the channel that most tests use."""
        found: FakePlatform = self.platforms["fake"]
        return found

    @property
    def other(self) -> FakePlatform:
        """Return the platform behind a second channel."""
        found: FakePlatform = self.platforms["other"]
        return found

    def browser(self) -> CodeBrowser:
        return CodeBrowser(self)


def open_gateway(
    database: Database, clock: FrozenClock, platforms: dict[str, Any], *, file: str = "", **env: str
) -> InMemoryGateway:
    """Return a gateway on https with a channel for each platform; whoever asks for it closes it. `file` says what else there is."""
    services = make_services(database, clock=clock, channels=file, env=ENVIRONMENT | env)
    exchange(services, channels=Channels([channel_of(*pair) for pair in platforms.items()]))
    return InMemoryGateway(services, clock, platforms)
