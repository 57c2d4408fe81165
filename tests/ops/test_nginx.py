"""ops/nginx.conf in a real nginx before a gateway: callbacks pass, limits hold, and nobody chooses their address."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from werkzeug.serving import make_server

from app.factory import create_app
from app.pipeline.operators.bans import current_bans
from app.pipeline.services import Services
from app.storage.inbox.events import recent_senders
from tests.bans.stage import ENV, refuse_often
from tests.builders import CALLBACK_CHANNEL, envelope, signed_callback
from tests.ops.nginx import Nginx, nginx

pytestmark = [pytest.mark.services, pytest.mark.backends("sqlite")]
OPEN = CALLBACK_CHANNEL + 'unknown_events = "store"\n'
BEHIND_A_PROXY = ENV | {"TRUSTED_PROXIES": "1", "FORCE_HTTPS": "1", "PUBLIC_BASE_URL": "https://gate.example"}
PAGES_AT_ONCE = 41
"""One, and a burst of forty."""


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(channels=OPEN, env=BEHIND_A_PROXY)


@pytest.fixture
def front(services: Services, tmp_path: Path) -> Iterator[Nginx]:
    """Start nginx and, behind it, the gateway in threads of this process."""
    server = make_server("127.0.0.1", 0, create_app(services=services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    with nginx(tmp_path, server.server_port) as started:
        yield started
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def caller(front: Nginx) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(front.certificate)
        yield session


def post(caller: requests.Session, front: Nginx, key: str, **headers: str) -> requests.Response:
    request = signed_callback(envelope(key))
    named = dict(request.headers) | headers
    return caller.post(f"{front.https}/webhooks/callback", data=request.body, headers=named, timeout=20)


def test_callbacks_pass_with_the_callers_address_whatever_it_claims(
    caller: requests.Session, front: Nginx, services: Services
) -> None:
    lies = {"X-Forwarded-For": "127.0.0.1", "X_Forwarded_For": "127.0.0.1", "X-Forwarded-Proto": "http"}
    answer = post(caller, front, "evt_1", **{"X-Test-Address": "203.0.113.7"} | lies)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    with services.database.read() as tx:
        assert {address for address, _ in recent_senders(tx, ["callback"], limit=9)} == {"203.0.113.7"}


def test_pages_are_limited_for_each_address_and_callbacks_go_on(
    caller: requests.Session, front: Nginx
) -> None:
    def ask(address: str) -> requests.Response:
        return caller.get(f"{front.https}/healthz", headers={"X-Test-Address": address}, timeout=20)

    told = [ask(f"2001:db8:0:1::{number:x}") for number in range(1, PAGES_AT_ONCE + 30)]
    statuses = [answer.status_code for answer in told]
    assert statuses[:PAGES_AT_ONCE] == [200] * PAGES_AT_ONCE
    assert 429 in statuses
    refused = told[statuses.index(429)]
    assert refused.json()["error"] == "rate_limited"
    assert refused.headers["Retry-After"] == "1"
    assert ask("2001:db8:0:2::1").status_code == 200
    assert ask("203.0.113.7").status_code == 200
    same = {"X-Test-Address": "2001:db8:0:1::1"}
    assert {post(caller, front, f"evt_{number}", **same).status_code for number in range(20)} == {200}


def test_a_ban_of_the_gateway_meets_the_caller_behind_nginx(
    caller: requests.Session, front: Nginx, services: Services
) -> None:
    refuse_often(services, "203.0.113.66")
    assert [ban.address for ban in current_bans(services)] == ["203.0.113.66"]
    banned = post(caller, front, "evt_1", **{"X-Test-Address": "203.0.113.66"})
    assert (banned.status_code, banned.json()["error"]) == (429, "banned")
    assert int(banned.headers["Retry-After"]) > 1
    assert post(caller, front, "evt_1", **{"X-Test-Address": "203.0.113.7"}).status_code == 200


def test_bodies_are_refused_by_the_gateway_up_to_two_megabytes_and_by_nginx_above(
    caller: requests.Session, front: Nginx
) -> None:
    url = f"{front.https}/webhooks/callback"
    ours = caller.post(url, data=b"x" * 1_500_000, timeout=20)
    assert (ours.status_code, ours.json()["error"]) == (413, "body_too_large")
    assert caller.post(url, data=b"x" * 2_200_000, timeout=20).status_code == 413


def test_plain_http_is_sent_to_https_and_numbers_stay_inside(caller: requests.Session, front: Nginx) -> None:
    answer = caller.get(f"{front.http}/oauth/x/start", allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers["Location"][:8]) == (301, "https://")
    assert caller.get(f"{front.https}/metrics", timeout=20).status_code == 404
