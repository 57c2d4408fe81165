"""Logins against the simulated OAuth2 platform, and the app token that is already there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from bench import servers
from bench.cases import sample_of
from bench.load import HOST, Result, get, post, run
from bench.samples import Bench, Sample
from bench.servers import GatewayOptions, Server

REQUESTS_SHARE = 20
MOST_LOGINS = 1_000
"""The simulator keeps this many open pages with ease."""

TOKEN_CALLS = 5_000
CONNECTIONS = 16
CHANNELS = """
[channels.account]
platform = "oauth2"
client_id = "client_sandbox0001"
client_secret = "secret_sandbox0001"
authorize_url = "{base}/oauth2/api/oauth2/authorize"
token_url = "{base}/oauth2/api/oauth2/token"
userinfo_url = "{base}/oauth2/api/oauth2/userinfo"
scope = "profile"
authorize_params = {{ auto_authorize = "true" }}

[channels.tokens]
platform = "feishu"
app_id = "cli_sandbox0001"
app_secret = "sandbox-feishu-app-secret"
api_base = "{base}/feishu"
accounts_base = "{base}/feishu"
"""


def _options(platform: Server) -> GatewayOptions:
    return GatewayOptions(engine=True, more_channels=CHANNELS.format(base=f"http://{HOST}:{platform.port}"))


def _header(answer: bytes, name: str) -> str:
    """Return one header of a raw answer, empty when it is not there."""
    head = answer.split(b"\r\n\r\n", 1)[0].decode("latin-1")
    wanted = name.lower() + ":"
    return next(
        (line[len(wanted) :].strip() for line in head.split("\r\n") if line.lower().startswith(wanted)), ""
    )


def _path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


@dataclass(frozen=True)
class Logins:
    """Starts a second, then callbacks a second; a callback asks the simulator twice, which shares the machine."""

    key: str = "logins"
    title: str = "Login against the simulator (SQLite)"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Start logins, let the simulator agree to each, and bring them home."""
        store = bench.store("sqlite", self.key)
        count = max(10, min(MOST_LOGINS, bench.scale.requests // REQUESTS_SHARE))
        with servers.simulator(bench.folder) as platform:
            agree = post("/_sandbox/auto", b'{"person":"linxiao"}', {"Content-Type": "application/json"})
            _expect_good(run(platform.port, [agree], connections=1), "the simulator's automatic answer")
            with servers.gateway(bench.folder, store.url, _options(platform)) as server:
                started, calls = self._start(bench, server, platform, count)
                finished = self._run(bench, server, calls)
                return sample_of(
                    finished,
                    server,
                    start_rate=started.per_second,
                    start_p99=started.percentile(0.99),
                )

    def _start(
        self, bench: Bench, server: Server, platform: Server, count: int
    ) -> tuple[Result, list[bytes]]:
        """Return the measured starts and the callbacks that the browsers would make next."""
        started = self._run(bench, server, [get("/oauth/account/start")] * count)
        _expect_good(started, "starting a login")
        cookies = [_cookies(answer) for answer in started.answers]
        visits = [get(_path_of(_header(answer, "Location"))) for answer in started.answers]
        agreed = self._run(bench, platform, visits, keep_connections=False)
        _expect_good(agreed, "the simulator's consent")
        places = [_header(answer, "Location") for answer in agreed.answers]
        return started, [
            get(_path_of(place), {"Cookie": cookie}) for place, cookie in zip(places, cookies, strict=True)
        ]

    def _run(
        self, bench: Bench, server: Server, requests: list[bytes], *, keep_connections: bool = True
    ) -> Result:
        return run(
            server.port,
            requests,
            connections=CONNECTIONS,
            seconds=bench.scale.seconds,
            keep_answers=True,
            keep_connections=keep_connections,
        )


def _cookies(answer: bytes) -> str:
    head = answer.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    cookies: SimpleCookie = SimpleCookie()
    for line in head:
        if line.lower().startswith("set-cookie:"):
            cookies.load(line[11:].strip())
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())


def _expect_good(result: Result, what: str) -> None:
    if result.bad:
        raise servers.ServerFailed(f"{what} was answered {result.statuses}")


@dataclass(frozen=True)
class TokenCache:
    """An app token that is already there, asked for again and again by one thread of one process."""

    key: str = "token-cache"
    title: str = "App token already there (SQLite, one thread)"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Fetch it once from the simulator, then count the hits."""
        store = bench.store("sqlite", self.key)
        calls = max(50, min(TOKEN_CALLS, bench.scale.requests))
        with servers.simulator(bench.folder) as platform:
            described = servers.gateway(bench.folder, store.url, _options(platform))
            done = subprocess.run(
                [sys.executable, "-m", "bench.token_hits", "tokens", str(calls)],
                cwd=bench.folder,
                env=described.environment,
                capture_output=True,
                text=True,
                timeout=bench.scale.seconds + 60,
                check=False,
            )
        if done.returncode:
            raise servers.ServerFailed(done.stderr[-1500:])
        return Sample(
            {name: float(value) for name, value in json.loads(done.stdout.splitlines()[-1]).items()}
        )
