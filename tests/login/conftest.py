"""A gateway with two channels of a platform that lives in memory and does what a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.config.channels import ChannelConfig
from app.config.platform_settings import PlatformSettings
from app.core.ports import AuthorizeRequest, HttpClient, PlatformSpec
from app.core.values import CodeGrant, Identity, TokenSet
from app.factory import create_app
from app.pipeline.channels import Channel, Channels
from app.pipeline.services import Services
from app.storage.database.db import Database
from tests.builders import FrozenClock, exchange, make_services

BASE_URL = "https://gate.example"


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


def channel_of(name: str, platform: FakePlatform) -> Channel:
    spec = PlatformSpec("fake", "Fake", "https://fake.example", PlatformSettings, lambda _n, _s: platform)
    http: Any = None
    return Channel(ChannelConfig(name=name, platform="fake"), spec, platform, http, (), ())


@dataclass
class Gateway:
    """The application over its services, with the two platforms behind it."""

    app: Flask
    services: Services
    clock: FrozenClock
    fake: FakePlatform
    other: FakePlatform

    def browser(self) -> Browser:
        return Browser(self.app.test_client(), self.clock)


class Browser:
    """A cookie jar that speaks https to the gateway."""

    def __init__(self, client: FlaskClient, clock: FrozenClock):
        self.client = client
        self.clock = clock

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, base_url=BASE_URL, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.client.post(path, base_url=BASE_URL, **options)

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(f"__Host-{name}", domain="gate.example")
        return None if found is None else found.value

    def start(self, channel: str = "fake", query: str = "next=/welcome") -> str:
        """Start a login and return its state."""
        answer = self.get(f"/oauth/{channel}/start?{query}")
        assert answer.status_code == 303, answer.text
        return state_in(answer.headers["Location"])

    def finish(self, state: str, code: str = "c1", channel: str = "fake", **options: Any) -> TestResponse:
        return self.get(f"/oauth/{channel}/callback?{urlencode({'state': state, 'code': code})}", **options)

    def log_in(self, code: str = "c1", channel: str = "fake") -> TestResponse:
        answer = self.finish(self.start(channel), code, channel)
        assert answer.status_code == 303, answer.text
        return answer

    def me(self, path: str = "/api/v1/me") -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def post_proven(self, path: str, **options: Any) -> TestResponse:
        return self.post(path, headers={"X-CSRF-Token": self.me()["csrf_token"]}, **options)

    def start_link(self, channel: str = "other") -> str:
        # Identities are listed by age, so the second one must be younger.
        self.clock.advance(seconds=1)
        answer = self.post_proven(f"/oauth/{channel}/link")
        assert answer.status_code == 200, answer.text
        return state_in(answer.get_json()["authorize_url"])


def state_in(authorize_url: str) -> str:
    return parse_qs(urlsplit(authorize_url).query)["state"][0]


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[Gateway]:
    """A gateway on https with the channels `fake` and `other`."""
    services = make_services(
        database,
        clock=clock,
        channels="",
        env={"PUBLIC_BASE_URL": BASE_URL, "RETURN_URLS": "https://app.example/cb", "RATELIMIT_ENABLED": "0"},
    )
    fake, other = FakePlatform("fake:1"), FakePlatform("fake:2")
    exchange(services, channels=Channels([channel_of("fake", fake), channel_of("other", other)]))
    app = create_app(services=services)
    yield Gateway(app, services, clock, fake, other)
    services.inline_pool.shutdown(wait=False)
