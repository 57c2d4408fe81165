"""Logins through the simulator: a production gateway in front of two simulated servers, and browsers that visit their pages for real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from werkzeug.test import TestResponse

from app.core.ports import HttpAnswer, HttpClient
from app.security.outbound import OutboundClient
from app.storage.database.db import Database
from sandbox.state import Call
from tests.builders import FrozenClock, make_services
from tests.databases import POOL_SIZE
from tests.login.browser import BASE_URL, SESSION_COOKIE, Browser, Returned, Started, cookies_set
from tests.login.gateway import Gateway
from tests.sandbox.server import SandboxServer

RETURN_URL = "https://app.example/cb"
TOKEN_ENDPOINTS = ("feishu.token", "wechat.token", "oauth2.token")
SECOND_CLIENT = ("client_second0002", "second-server-client-secret")
ENVIRONMENT = {"APP_ENV": "prod", "SANDBOX": "0", "PUBLIC_BASE_URL": BASE_URL, "RETURN_URLS": RETURN_URL}


def channels_file(sandbox: SandboxServer, second: SandboxServer) -> str:
    """Return a channels file: Feishu, WeChat, two OAuth 2.0 servers called `account` and `second`, an OpenID server."""
    own, url = sandbox.settings, sandbox.url
    tables = [
        f"""
[channels.feishu]
platform = "feishu"
app_id = "{own["FEISHU_APP_ID"]}"
app_secret = "{own["FEISHU_APP_SECRET"]}"
verification_token = "{own["FEISHU_VERIFICATION_TOKEN"]}"
encrypt_key = "{own["FEISHU_ENCRYPT_KEY"]}"
api_base = "{url}/feishu"
accounts_base = "{url}/feishu"

[channels.wechat]
platform = "wechat"
app_id = "{own["WECHAT_APP_ID"]}"
app_secret = "{own["WECHAT_APP_SECRET"]}"
token = "{own["WECHAT_TOKEN"]}"
encoding_aes_key = "{own["WECHAT_ENCODING_AES_KEY"]}"
api_base = "{url}/wechat"
open_base = "{url}/wechat"
mp_base = "{url}/wechat"

[channels.resting]
platform = "oauth2"
enabled = false
"""
    ]
    for name, server in (("account", sandbox), ("second", second)):
        base = f"{server.url}/oauth2/api/oauth2"
        tables.append(f"""
[channels.{name}]
platform = "oauth2"
client_id = "{server.settings["OAUTH2_CLIENT_ID"]}"
client_secret = "{server.settings["OAUTH2_CLIENT_SECRET"]}"
authorize_url = "{base}/authorize"
token_url = "{base}/token"
userinfo_url = "{base}/userinfo"
revoke_url = "{base}/revoke"
topup_url = "{base}/topup"
scope = "profile balance"
""")
    tables.append(f"""
[channels.openid]
platform = "oauth2"
client_id = "{own["OAUTH2_CLIENT_ID"]}"
client_secret = "{own["OAUTH2_CLIENT_SECRET"]}"
issuer = "{url}/oauth2"
scope = "openid profile balance"
""")
    return "".join(tables)


class VisitingBrowser(Browser):
    """A browser whose person answers the platform's pages."""

    _gateway: SimulatedGateway

    def approve(self, started: Started, person: str = "linxiao") -> Returned:
        """Let a person log in on the platform's page; nothing reaches the gateway yet."""
        with self._gateway.person(person):
            page = requests.get(started.authorize_url, allow_redirects=False, timeout=20)
        assert page.status_code == 302, page.text
        back = urlsplit(page.headers["Location"])
        assert f"{back.scheme}://{back.netloc}" == BASE_URL
        return Returned(f"{back.path}?{back.query}")

    def log_in(self, channel: str = "account", person: str = "linxiao", **options: Any) -> TestResponse:
        """Log in from the first click to the landing page."""
        answer = self.callback(self.approve(self.start(channel, **options), person))
        assert answer.status_code == 303, answer.text
        return answer

    def link(self, channel: str = "account", person: str = "linxiao") -> TestResponse:
        return self.callback(self.approve(self.start_link(channel), person))


@dataclass
class SimulatedGateway(Gateway):
    """One gateway process; `twin` makes another one over the same database."""

    sandbox: SandboxServer
    second: SandboxServer
    channels: str
    _approving: threading.Lock = field(default_factory=threading.Lock)

    def browser(self) -> VisitingBrowser:
        return VisitingBrowser(self)

    def twin(self, clock: FrozenClock | None = None) -> SimulatedGateway:
        """Return another process of this gateway: nothing is shared but the database."""
        url = self.services.database.engine.url.render_as_string(hide_password=False)
        database = Database(url, pool_size=POOL_SIZE)
        own_clock = clock or self.clock
        services = make_services(database, clock=own_clock, channels=self.channels, env=ENVIRONMENT)
        made = SimulatedGateway(services, own_clock, self.sandbox, self.second, self.channels)
        self.closing += [made.close, database.close]
        return made

    def advance(self, seconds: float) -> None:
        """Let time pass here and at the platforms."""
        self.clock.advance(seconds=seconds)
        for server in (self.sandbox, self.second):
            server.state.advance(seconds)

    @contextmanager
    def person(self, key: str) -> Iterator[None]:
        """Let this person answer the platforms' login pages."""
        with self._approving:
            for server in (self.sandbox, self.second):
                server.state.auto_person = key
            yield

    def be_impatient(self, name: str, *, at: str = "", seconds: float = 1.0) -> None:
        """Shorten a channel's time limit at addresses with these letters, so that a hanging platform is given up soon."""
        http = self.channel(name).http
        assert isinstance(http, OutboundClient)
        hasty = OutboundClient(http.allowed_origins, connect_timeout=seconds, total_timeout=seconds)
        self.use_http(name, ImpatientHttp(http, hasty, at))

    def calls(self, endpoint: str | None = None) -> list[Call]:
        """Return what the platforms were asked."""
        return self.sandbox.state.calls(endpoint) + self.second.state.calls(endpoint)

    def token_calls(self) -> list[Call]:
        return [call for call in self.calls() if call.endpoint in TOKEN_ENDPOINTS]

    def refreshes(self, channel: str = "account") -> list[Call]:
        server = self.second if channel == "second" else self.sandbox
        return [
            call
            for call in server.state.calls()
            if "refresh_token" in (call.form.get("grant_type"), call.query.get("grant_type"))
        ]

    def forget_calls(self) -> None:
        for server in (self.sandbox, self.second):
            server.state.forget_calls()

    def assert_rejected(self, answer: TestResponse, word: str, *, asked: int = 0, status: int = 400) -> None:
        """A rejection: 4xx, its stable word, no session, no token request but those before, an audit entry."""
        assert answer.status_code == status, answer.text
        assert answer.get_json()["error"] == word
        assert SESSION_COOKIE not in cookies_set(answer)
        assert len(self.token_calls()) == asked
        entry = self.last_audit()
        assert (entry.action, entry.outcome) == ("login", word)


class ImpatientHttp:
    """A client with little time at some addresses; a healthy call elsewhere takes what a busy machine needs."""

    def __init__(self, patient: HttpClient, hasty: HttpClient, at: str):
        self._patient, self._hasty, self._at = patient, hasty, at

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        client = self._hasty if self._at in url else self._patient
        return client.request(method, url, **options)


class GatedHttp:
    """A client whose first call with these words in it stops half-way until the test lets it go on."""

    def __init__(self, real: HttpClient, *, when: str = "refresh_token", after_the_answer: bool = False):
        self._real = real
        self._when = when
        self._after = after_the_answer
        self._first = threading.Lock()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        given = {**(options.get("form") or {}), **(options.get("params") or {})}
        if given.get("grant_type") != self._when or not self._first.acquire(blocking=False):
            return self._real.request(method, url, **options)
        answer = self._real.request(method, url, **options) if self._after else None
        self.reached.set()
        assert self.go_on.wait(20)
        return answer or self._real.request(method, url, **options)


class WorkerKilled(BaseException):
    """A process that ends in the middle of a call: nothing after it runs, nothing is cleaned up."""


class KilledHttp:
    """A client whose process dies while it refreshes."""

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        raise WorkerKilled
