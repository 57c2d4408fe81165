"""The gateway under test: the whole application in front of two simulated servers, as it runs in production."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask
from sqlalchemy import Table, func, select
from werkzeug.test import TestResponse

from app.core.ports import HttpAnswer, HttpClient
from app.factory import create_app
from app.pipeline.channels import Channel, Channels
from app.pipeline.services import Services
from app.security.outbound import OutboundClient
from app.storage.audit import list_audit
from app.storage.database.db import Database
from app.storage.login.connections import connections
from app.storage.login.identities import identities
from app.storage.login.sessions import sessions
from app.storage.login.users import users
from app.storage.tables import metadata
from sandbox.state import Call
from tests.builders import FrozenClock, exchange, make_services
from tests.checks.browser import BASE_URL, SESSION_COOKIE, Browser, cookies_set
from tests.sandbox.server import SandboxServer

RETURN_URL = "https://app.example/cb"
TOKEN_ENDPOINTS = ("feishu.token", "wechat.token", "oauth2.token")
SECOND_CLIENT = ("client_second0002", "second-server-client-secret")
ENVIRONMENT = {"APP_ENV": "prod", "SANDBOX": "0", "PUBLIC_BASE_URL": BASE_URL, "RETURN_URLS": RETURN_URL}


def channels_file(sandbox: SandboxServer, second: SandboxServer) -> str:
    """Return a channels file: Feishu, WeChat, and two OAuth 2.0 servers called `account` and `second`."""
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
    return "".join(tables)


@dataclass
class Gateway:
    """One gateway process; `twin` makes another one over the same database."""

    services: Services
    clock: FrozenClock
    sandbox: SandboxServer
    second: SandboxServer
    channels: str
    app: Flask = field(init=False)
    _closing: list[Callable[[], None]] = field(default_factory=list)
    _approving: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.app = create_app(services=self.services)

    def browser(self) -> Browser:
        return Browser(self)

    def twin(self, clock: FrozenClock | None = None) -> Gateway:
        """Return another process of this gateway: nothing is shared but the database."""
        url = self.services.database.engine.url.render_as_string(hide_password=False)
        database = Database(url)
        own_clock = clock or self.clock
        services = make_services(database, clock=own_clock, channels=self.channels, env=ENVIRONMENT)
        made = Gateway(services, own_clock, self.sandbox, self.second, self.channels)
        self._closing += [made.close, database.close]
        return made

    def close(self) -> None:
        for close in self._closing:
            close()
        self.services.inline_pool.shutdown(wait=False)

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

    def channel(self, name: str) -> Channel:
        found = self.services.channels.get(name)
        assert found is not None
        return found

    def connector(self, name: str) -> Any:
        return self.channel(name).connector

    def use_http(self, name: str, http: HttpClient) -> None:
        """Put another client between a channel and its platform."""
        kept = [replace(each, http=http) if each.name == name else each for each in self.services.channels]
        exchange(self.services, channels=Channels(kept, self.services.channels.disabled))

    def be_impatient(self, name: str, seconds: float = 0.3) -> None:
        """Shorten a channel's time limit, so that a hanging platform is given up soon."""
        http = self.channel(name).http
        assert isinstance(http, OutboundClient)
        limits = {"connect_timeout": seconds, "total_timeout": seconds}
        self.use_http(name, OutboundClient(http.allowed_origins, **limits))  # type: ignore[arg-type]

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

    def count(self, table: Table) -> int:
        with self.services.database.read() as tx:
            return int(tx.execute(select(func.count()).select_from(table)).scalar_one())

    def stored_people(self) -> tuple[int, int, int, int]:
        """Return how many users, identities, connections and sessions are stored."""
        users_, identities_, connections_, sessions_ = (
            self.count(table) for table in (users, identities, connections, sessions)
        )
        return users_, identities_, connections_, sessions_

    def all_stored(self) -> str:
        """Return every value of every table as one text, bytes as they are."""
        found = []
        with self.services.database.read() as tx:
            for table in metadata.sorted_tables:
                for row in tx.execute(select(table)):
                    found += [str(bytes(v), "latin-1") if isinstance(v, bytes) else str(v) for v in row]
        return "\n".join(found)

    def last_audit(self) -> Any:
        with self.services.database.read() as tx:
            entries = list_audit(tx, before=None, limit=1)
        return entries[0] if entries else None

    def assert_rejected(self, answer: TestResponse, word: str, *, asked: int = 0, status: int = 400) -> None:
        """A rejection: 4xx, its stable word, no session, no token request but those before, an audit entry."""
        assert answer.status_code == status, answer.text
        assert answer.get_json()["error"] == word
        assert SESSION_COOKIE not in cookies_set(answer)
        assert len(self.token_calls()) == asked
        entry = self.last_audit()
        assert (entry.action, entry.outcome) == ("login", word)


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
