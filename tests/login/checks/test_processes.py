"""Checks 7, 18, 39, 44, 73, 76 and 87 against a served gateway in processes of its own."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.people import find_person
from tests.builders import SECRET_KEY
from tests.databases import ServerDatabases
from tests.live import LiveGateway
from tests.login.simulated import ENVIRONMENT, channels_file
from tests.sandbox.server import SandboxServer

ON_POSTGRESQL = pytest.mark.services
FEISHU_SCOPES = "offline_access contact:user.email:readonly contact:user.phone:readonly"


@dataclass
class Visitor:
    """A browser that speaks real HTTP."""

    url: str
    sandbox: SandboxServer
    jar: requests.Session

    @classmethod
    def of(cls, live: LiveGateway, sandbox: SandboxServer) -> Visitor:
        return cls(live.url, sandbox, requests.Session())

    def get(self, path: str, **options) -> requests.Response:
        return self.jar.get(self.url + path, allow_redirects=False, timeout=20, **options)

    def start(self, channel: str = "account") -> str:
        answer = self.get(f"/oauth/{channel}/start?next=/oauth/done")
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def approve(self, authorize_url: str) -> str:
        """Return the path and query the platform sends the browser back to."""
        self.sandbox.state.auto_person = "linxiao"
        page = requests.get(authorize_url, allow_redirects=False, timeout=20)
        address = page.headers["Location"]
        assert address.startswith(self.url)
        return address.removeprefix(self.url)

    def log_in(self, channel: str = "account") -> str:
        answer = self.get(self.approve(self.start(channel)))
        assert answer.status_code == 303, answer.text
        return self.session()

    def session(self) -> str:
        return self.jar.cookies[self.cookie_name("session")]

    def cookie_name(self, kind: str) -> str:
        """Return the full name of a cookie in the jar, or of the one that would be there."""
        begins = f"callgate_{kind}_{hashlib.sha256(self.url.encode()).hexdigest()[:8]}"
        return next((name for name in self.jar.cookies.keys() if name.startswith(begins)), begins)  # noqa: SIM118

    def log_out(self) -> None:
        csrf = self.get("/api/v1/me").json()["csrf_token"]
        answer = self.jar.post(f"{self.url}/oauth/logout", headers={"X-CSRF-Token": csrf}, timeout=20)
        assert answer.status_code == 204

    def at_once(self, path: str, times: int) -> list[requests.Response]:
        """Send the same request from many connections at the same moment."""
        barrier, cookies = Barrier(times), self.jar.cookies.get_dict()

        def call(_: int) -> requests.Response:
            barrier.wait(20)
            return requests.get(self.url + path, cookies=cookies, allow_redirects=False, timeout=30)

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(call, range(times)))


@pytest.fixture(scope="module")
def two_processes(
    tmp_path_factory: pytest.TempPathFactory,
    server_databases: ServerDatabases,
    simulators: tuple[SandboxServer, SandboxServer],
) -> Iterator[LiveGateway]:
    """Serve the gateway in two processes over one PostgreSQL database."""
    url = server_databases.url("postgresql")
    folder = tmp_path_factory.mktemp("two_processes")
    env = {"APP_ENV": "test", "SANDBOX": "0"}
    with LiveGateway(
        folder, database_url=url, channels=channels_file(*simulators), env=env, workers=2
    ) as live:
        assert len(live.children()) >= 2
        yield live
    server_databases.empty("postgresql")


@ON_POSTGRESQL
def test_check_07b_two_processes_redeem_a_code_once(two_processes: LiveGateway, sandbox: SandboxServer):
    visitor = Visitor.of(two_processes, sandbox)
    answers = visitor.at_once(visitor.approve(visitor.start()), 20)
    assert [answer.status_code for answer in answers] == [303] * 20
    assert all(visitor.cookie_name("session") in answer.cookies for answer in answers)
    assert len(sandbox.state.calls("oauth2.token")) == 1


@ON_POSTGRESQL
def test_check_76d_a_logout_counts_in_both_processes_at_once(
    two_processes: LiveGateway, sandbox: SandboxServer
):
    visitor = Visitor.of(two_processes, sandbox)
    token = visitor.log_in()
    assert {answer.status_code for answer in visitor.at_once("/api/v1/me", 12)} == {200}
    visitor.log_out()
    visitor.jar.cookies.set(visitor.cookie_name("session"), token)
    assert {answer.status_code for answer in visitor.at_once("/api/v1/me", 12)} == {401}
    headers = {"Authorization": f"Bearer {token}"}
    fresh = [requests.get(f"{visitor.url}/auth/verify", headers=headers, timeout=20) for _ in range(12)]
    assert {answer.status_code for answer in fresh} == {401}


@ON_POSTGRESQL
def test_check_87b_fifty_calls_to_two_processes_refresh_once(
    two_processes: LiveGateway, sandbox: SandboxServer
):
    sandbox.state.lifetimes["oauth2.access_token"] = 100
    visitor = Visitor.of(two_processes, sandbox)
    visitor.log_in()
    old = set(sandbox.state.access_tokens)
    sandbox.state.forget_calls()
    sandbox.state.faults.add("oauth2.token", "hang", 1, seconds=0.3)
    answers = visitor.at_once("/api/v1/me?fresh=1", 50)
    assert [answer.text for answer in answers if answer.status_code != 200] == []
    assert len(sandbox.state.calls("oauth2.token")) == 1
    shown = {call.headers["Authorization"] for call in sandbox.state.calls("oauth2.userinfo")}
    assert len(shown) == 1
    assert not shown & {f"Bearer {token}" for token in old}


@pytest.fixture
def served(tmp_path: Path, simulators: tuple[SandboxServer, SandboxServer]) -> Iterator[LiveGateway]:
    """Serve the gateway from one process with everything logged that can be."""
    channels = channels_file(*simulators).replace(
        'platform = "feishu"', f'platform = "feishu"\nscope = "{FEISHU_SCOPES}"'
    )
    env = {"LOG_LEVEL": "DEBUG", "APP_ENV": "test", "SANDBOX": "0"}
    with LiveGateway(tmp_path, channels=channels, env=env) as live:
        yield live


def test_check_18b_underscore_headers_change_nothing_on_the_real_server(
    served: LiveGateway, sandbox: SandboxServer
):
    evil = {
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_For": "127.0.0.1",
        "X_Forwarded_Prefix": "/evil",
        "Host": "evil.example",
    }
    visitor = Visitor.of(served, sandbox)
    answer = visitor.get("/oauth/account/start", headers=evil)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["redirect_uri"] == [f"{served.url}/oauth/account/callback"]
    assert "evil" not in str(answer.headers)
    assert "secure" not in answer.headers["Set-Cookie"].lower(), "the public address is plain http here"


def test_check_39_the_whole_log_of_a_login_at_debug_level_holds_no_secret(
    served: LiveGateway, sandbox: SandboxServer
):
    sent: dict[str, str] = {"vault key": SECRET_KEY}
    visitors = {channel: Visitor.of(served, sandbox) for channel in ("feishu", "wechat", "account")}
    for platform in ("feishu", "oauth2", "wechat"):
        sandbox.state.lifetimes[f"{platform}.access_token"] = 100
    for channel, visitor in visitors.items():
        stale = visitor.approve(visitor.start(channel))
        sent |= parameters(f"{channel} first", stale)
        sandbox.state.faults.add(
            "*.token", "status", 1, status=400, body={"error": stale, "error_description": stale}
        )
        visitor.get(stale)
        sent |= {f"{channel} session": visitor.log_in(channel)}
        visitor.get(
            "/api/v1/me?fresh=1",
            headers={"X-Secret-Header": "header-kwyjibo", "Cookie": "other=cookie-kwyjibo"},
        )
        visitor.get("/api/v1/me?fresh=1")
        sent |= {f"{channel} binding": visitor.jar.cookies[visitor.cookie_name("login")]}
        sent |= {f"{channel} csrf": visitor.get("/api/v1/me").json()["csrf_token"]}
        requests.get(
            f"{visitor.url}/api/v1/me", headers={"Authorization": "Bearer bearer-kwyjibox"}, timeout=5
        )
        for wrong in (f"{stale}&code=again", stale.replace("state=", "Xstate="), f"/nowhere{stale}"):
            visitor.get(wrong)
    crash(served, visitors["feishu"], sent)
    log = served.log()
    assert "outbound_request" in log
    assert "Traceback" in log, "a crash was logged as well"
    assert [name for name, value in {**sent, **issued(sandbox)}.items() if value in log] == []
    assert "kwyjibo" not in log


def crash(live: LiveGateway, visitor: Visitor, sent: dict[str, str]) -> None:
    """Break the database in two ways nobody foresaw: a row with personal data where a time belongs, a table gone."""
    returned = visitor.approve(visitor.start("feishu"))
    sent |= parameters("crash", returned)
    change(live, "UPDATE sessions SET created_at = 'linxiao@example.com +8613800000001 state=kwyjibo'")
    assert visitor.get("/api/v1/me").status_code == 500
    change(live, "ALTER TABLE connections RENAME TO lost")
    assert visitor.get(returned).status_code >= 500


def change(live: LiveGateway, statement: str) -> None:
    with closing(sqlite3.connect(live.database_url.removeprefix("sqlite:///"))) as database, database:
        database.execute(statement)


def parameters(name: str, address: str) -> dict[str, str]:
    query = parse_qs(urlsplit(address).query)
    return {f"{name} {key}": query[key][0] for key in ("code", "state")}


def issued(sandbox: SandboxServer) -> dict[str, str]:
    """Return everything the simulator gave out or knows about the person."""
    state, own = sandbox.state, sandbox.settings
    person = find_person("linxiao")
    assert person is not None
    found = {
        "mail": person.email,
        "phone": person.mobile,
        "phone without country": person.mobile.removeprefix("+86"),
        "secrets": own["FEISHU_APP_SECRET"],
        "WeChat secret": own["WECHAT_APP_SECRET"],
        "OAuth 2.0 secret": own["OAUTH2_CLIENT_SECRET"],
        "encrypt key": own["FEISHU_ENCRYPT_KEY"],
    }
    for kind, values in (
        ("code", state.codes),
        ("access token", state.access_tokens),
        ("refresh token", state.refresh_tokens),
        ("verifier", [call.form["code_verifier"] for call in state.calls() if "code_verifier" in call.form]),
        ("state", [call.query["state"] for call in state.calls() if "state" in call.query]),
    ):
        found |= {f"{kind} {number}": value for number, value in enumerate(values)}
    assert len(found) > 20
    return found


def test_check_44c_production_does_not_serve_with_a_sample_key(tmp_path: Path):
    assert_does_not_serve(tmp_path, "change-me-change-me-change-me-change-me", app_env="prod")


def test_check_73c_nothing_is_served_with_a_short_key(tmp_path: Path):
    assert_does_not_serve(tmp_path, "k7Qz3vB9", app_env="dev")


def assert_does_not_serve(folder: Path, key: str, *, app_env: str) -> None:
    bad = LiveGateway(folder, channels="", env={**ENVIRONMENT, "APP_ENV": app_env, "SECRET_KEY": key})
    ended = bad.flask("serve", "--port", str(bad.port))
    told = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "SECRET_KEY" in told
    assert key not in told
    assert "Traceback" not in told
