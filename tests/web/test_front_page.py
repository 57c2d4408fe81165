"""The front page and the routes behind it: there in development, for this machine only, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from tests.builders import SECRET_KEY, signed_callback

pytestmark = pytest.mark.backends("sqlite")
OURS = {"X-Requested-With": "callgate", "Sec-Fetch-Site": "same-origin"}
DEV_ADDRESSES = ["/dev/arrivals", "/dev/arrivals/1", "/dev/samples", "/dev/bindcodes/ABCDEFGH"]
NOBODY_THERE = {"SANDBOX_URL": "http://127.0.0.1:9"}


@pytest.fixture
def dev(services_with: Callable[..., Services]) -> FlaskClient:
    """Return a client of a development gateway whose simulator does not run."""
    return create_app(services=services_with(env=NOBODY_THERE)).test_client()


@pytest.fixture
def elsewhere(services_with: Callable[..., Services]) -> FlaskClient:
    """Return a client of a gateway that is not for development."""
    return create_app(services=services_with(env={"APP_ENV": "test"})).test_client()


def test_outside_development_the_front_page_tells_nothing_about_the_inside(elsewhere):
    page = elsewhere.get("/").get_data(as_text=True)
    assert "Callbacks are taken here." in page
    assert "callback.example" not in page
    assert "/oauth/" not in page
    assert "development" not in page


@pytest.mark.parametrize("address", DEV_ADDRESSES)
def test_outside_development_there_are_no_development_routes(elsewhere, address):
    assert elsewhere.get(address, headers=OURS).status_code == 404


def test_the_front_page_is_never_kept_by_a_cache(dev):
    assert dev.get("/").headers["Cache-Control"] == "no-store"


def test_pages_of_other_origins_may_import_the_browser_module_and_nothing_else(elsewhere):
    origins = {
        name: elsewhere.get(f"/static/{name}", buffered=True).headers.get("Access-Control-Allow-Origin")
        for name in ("callgate.js", "popup.js", "front.js")
    }
    assert origins == {"callgate.js": "*", "popup.js": None, "front.js": None}


def test_the_front_page_keeps_sight_of_the_popups_it_opens(dev):
    assert dev.get("/").headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"


@pytest.mark.parametrize("address", DEV_ADDRESSES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example:5003"},
        {"Host": "abcd.tunnel.example"},
        {"Host": "localhost.example.com"},
        {"Host": "8.8.8.8"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"CF-Connecting-IP": "203.0.113.9"},
    ],
    ids=lambda headers: "{}: {}".format(*next(iter(headers.items()))),
)
def test_development_routes_answer_this_machine_only(dev, address, headers):
    answer = dev.get(address, headers=OURS | headers)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "local_only")


@pytest.mark.parametrize("address", DEV_ADDRESSES)
@pytest.mark.parametrize(
    "peer", ["192.168.1.77", "203.0.113.9", "172.17.0.1", "::ffff:192.168.1.77", "2001:db8::7", "", "unix:"]
)
def test_development_routes_do_not_answer_another_machine_whatever_host_it_names(dev, address, peer):
    for host in ("localhost:5003", "127.0.0.1", "192.168.1.20"):
        answer = dev.get(address, headers=OURS | {"Host": host}, environ_overrides={"REMOTE_ADDR": peer})
        assert (answer.status_code, answer.get_json()["error"]) == (403, "local_only")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"])
def test_development_routes_answer_this_machine_by_each_of_its_own_addresses(dev, peer):
    answer = dev.get("/dev/arrivals", headers=OURS, environ_overrides={"REMOTE_ADDR": peer})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5003", "127.0.0.1:5003", "[::1]:5003", "192.168.1.20"]
)
def test_development_routes_answer_under_local_names(dev, host):
    assert dev.get("/dev/arrivals", headers=OURS | {"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["/dev/fire", "/dev/bindcodes"])
def test_a_form_of_another_page_cannot_act(dev, address):
    answer = dev.post(address, data=json.dumps({}), content_type="text/plain")
    assert answer.get_json()["error"] == "local_only"


def test_a_simulator_that_is_not_running_is_explained(dev):
    answer = dev.get("/dev/samples", headers=OURS)
    assert answer.status_code == 503
    assert answer.get_json()["message"] == "The simulator is not running: make run starts it."


def test_the_explanation_is_in_the_language_of_the_reader(dev):
    answer = dev.get("/dev/samples", headers=OURS | {"Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.get_json()["message"] == "模拟器未运行，请用 make run 启动。"


def test_an_unknown_channel_cannot_be_fired_at(dev):
    answer = dev.post("/dev/fire", json={"channel": "nobody", "type": "x"}, headers=OURS)
    assert answer.get_json()["error"] == "unknown_channel"


def test_what_has_not_changed_is_not_sent_again(dev):
    first = dev.get("/dev/arrivals", headers=OURS)
    again = dev.get("/dev/arrivals", headers=OURS | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_arrival_shows_neither_cookies_nor_tokens(services: Services):
    secret = {"Authorization": "Bearer abcdefghijklmnop", "Cookie": "session=12345678"}
    receive(services, "callback", signed_callback(headers=secret), trace_id="0" * 32)
    client = create_app(services=services).test_client()
    shown = client.get("/dev/arrivals", headers=OURS).get_json()["rejections"][0]
    assert "abcdefghijklmnop" not in json.dumps(shown)
    assert "12345678" not in json.dumps(shown)


def test_the_list_begins_where_the_reader_wants(dev):
    assert dev.get("/dev/arrivals?after=2026-01-01T00:00:00Z", headers=OURS).status_code == 200
    assert dev.get("/dev/arrivals?after=yesterday", headers=OURS).get_json()["error"] == "bad_time"


def test_the_secret_key_is_on_no_page(dev):
    assert SECRET_KEY not in dev.get("/").get_data(as_text=True)


def test_the_front_page_leads_to_the_simulators_pages(dev):
    page = dev.get("/").get_data(as_text=True)
    for path in ("/", "/inbox", "/phone"):
        assert f'href="{NOBODY_THERE["SANDBOX_URL"]}{path}"' in page
