"""What each proxy of ops/ does for a gateway: it says who calls, holds nothing back, and lets only people pass who are logged in."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from app.storage.database.db import Database
from tests.builders import FrozenClock
from tests.login.browser import SESSION_COOKIE
from tests.login.in_memory import CodeBrowser, FakePlatform, InMemoryGateway, open_gateway
from tests.ops.caddy import caddy
from tests.ops.nginx import nginx

pytestmark = [pytest.mark.services, pytest.mark.backends("sqlite")]
FIRST, REST = b"data: first\n\n", b"data: rest\n\n"
STREAMS = ("/api/v1/stream", "/console/live", "/relay/wechat/cgi-bin/media/get")
WAIT = 10
HEADERS = "tests.headers"
PROXIES: dict[str, Callable[..., Any]] = {"nginx": nginx, "caddy": caddy}
HALF_A_SESSION = 500


class Keeping(WSGIRequestHandler):
    """Hands headers over as they came; what it serves otherwise never sees those with an underscore."""

    def make_environ(self) -> Any:
        return super().make_environ() | {HEADERS: list(self.headers.items())}


class Behind:
    """What the proxy passes requests on to: the gateway, streams that hold their second half back, and somebody's own pages."""

    def __init__(self, gateway: InMemoryGateway):
        self.gateway = gateway
        self.came_first = threading.Event()
        self.asked: list[list[tuple[str, str]]] = []

    def gateway_app(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] in STREAMS:
            kind = "text/event-stream" if "relay" not in environ["PATH_INFO"] else "image/jpeg"
            return Response(self.halves(environ), mimetype=kind, headers={"Cache-Control": "no-store"})(
                environ, start_response
            )
        self.asked.append(environ[HEADERS])
        return self.gateway.app(environ, start_response)

    def halves(self, environ: Any) -> Iterator[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        yield FIRST
        if self.came_first.wait(WAIT):
            yield REST

    def pages_app(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        told = {name: value for name, value in environ[HEADERS] if name.lower().startswith("x")}
        body = json.dumps({"path": request.full_path, "told": told, "body": request.get_data(as_text=True)})
        return Response(body, mimetype="application/json")(environ, start_response)


@contextmanager
def served(app: Any) -> Iterator[int]:
    """Serve an application in threads of this process, and return its port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Keeping)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def behind(database: Database, clock: FrozenClock) -> Iterator[Behind]:
    gateway = open_gateway(
        database, clock, {"fake": FakePlatform("fake:1")}, TRUSTED_PROXIES="1", FORCE_HTTPS="1"
    )
    yield Behind(gateway)
    gateway.close()


@pytest.fixture(params=PROXIES)
def caller(request: pytest.FixtureRequest, behind: Behind, tmp_path: Path) -> Iterator[Caller]:
    with ExitStack() as stack:
        ports = [stack.enter_context(served(app)) for app in (behind.gateway_app, behind.pages_app)]
        front = stack.enter_context(PROXIES[request.param](tmp_path, *ports))
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        session.verify = str(front.certificate)
        yield Caller(front.https, session)


class Caller:
    """Somebody who calls through the proxy."""

    def __init__(self, address: str, session: requests.Session):
        self._address = address
        self._session = session

    def ask(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        return self._session.request(
            method, self._address + path, timeout=WAIT / 2, allow_redirects=False, **options
        )


def session_of(behind: Behind) -> tuple[CodeBrowser, dict[str, str]]:
    """Log somebody in; return their browser and the header with which it proves that."""
    browser = behind.gateway.browser()
    browser.log_in()
    return browser, {"Cookie": f"{SESSION_COOKIE}={browser.session()}"}


def test_the_gateway_is_told_who_really_calls_and_how(caller: Caller, behind: Behind) -> None:
    lies = {
        "X-Forwarded-For": "203.0.113.9",
        "X_Forwarded_For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X_Forwarded_Proto": "http",
        "X-Forwarded-Host": "evil.example",
    }
    assert caller.ask("/webhooks/nobody", "POST", data=b"{}", headers=lies).status_code == 404
    (asked,) = behind.asked
    told = {name: value for name, value in asked if "forward" in name.lower()}
    assert told.pop("X-Forwarded-For") == "127.0.0.1"
    assert told.pop("X-Forwarded-Proto") == "https"
    assert told.pop("X-Forwarded-Host").startswith("127.0.0.1")
    assert not told


@pytest.mark.parametrize("path", STREAMS)
def test_what_is_live_or_relayed_is_passed_on_as_it_comes(caller: Caller, behind: Behind, path: str) -> None:
    body = b"x" * 3_000_000 if "relay" in path else None
    answer = caller.ask(path, "POST" if body else "GET", data=body, stream=True)
    pieces = answer.iter_content(chunk_size=None)
    assert next(pieces) == FIRST
    behind.came_first.set()
    assert b"".join(pieces) == REST


def test_nobody_outside_asks_for_the_numbers(caller: Caller, behind: Behind) -> None:
    assert caller.ask("/metrics").status_code == 404
    assert behind.asked == []


def test_whoever_is_nobody_is_sent_to_log_in_and_leads_back(caller: Caller) -> None:
    answer = caller.ask(
        "/reports/%E6%8A%A5%E8%A1%A8?month=11&next=/elsewhere", headers={"X-Auth-User": "root"}
    )
    assert answer.status_code == 303
    place = urlsplit(answer.headers["Location"].encode("latin-1").decode())
    assert (place.netloc, place.path) == ("", "/oauth/account/start")
    assert parse_qs(place.query) == {"next": ["/reports/报表"]}


def test_pages_are_told_who_is_logged_in_whatever_the_caller_says(caller: Caller, behind: Behind) -> None:
    browser, proof = session_of(behind)
    lies = {"X-Auth-User": "root", "X_Auth_User": "root", "X-Auth-Name": "Root", "X-Auth-Subject": "root"}
    answer = caller.ask("/reports/a?b=1", "POST", data="some text", headers=proof | lies)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["path"], found["body"]) == ("/reports/a?b=1", "some text")
    told = {name: value for name, value in found["told"].items() if "Auth" in name}
    person = browser.me()
    assert told == {
        "X-Auth-User": person["user_id"],
        "X-Auth-Identity": person["identity"]["id"],
        "X-Auth-Channel": "fake",
        "X-Auth-Issuer": "fake:1",
        "X-Auth-Subject": "u1",
        "X-Auth-Subject-Kind": "user_id",
        "X-Auth-Name": "Ada",
    }


def test_a_session_is_renewed_by_pages_of_others_and_ends_for_them_too(
    caller: Caller, behind: Behind
) -> None:
    browser, proof = session_of(behind)
    assert "Set-Cookie" not in caller.ask("/reports/", headers=proof).headers
    behind.gateway.clock.advance(seconds=HALF_A_SESSION)
    answer = caller.ask("/reports/", headers=proof)
    assert answer.status_code == 200
    assert answer.headers["Set-Cookie"].startswith(f"{SESSION_COOKIE}=")
    browser.log_out()
    assert caller.ask("/reports/", headers=proof).status_code == 303
