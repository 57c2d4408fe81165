"""`flask channels check`: are the keys complete, what is off and why, and does the platform take them?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.channels import channels_group
from app.core.errors import VerificationError
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from tests.builders import signed_callback
from tests.ports import free_port
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
TOKEN = "t-3f9d1c7b5a"
GIVEN: dict[str, Any] = {"code": 0, "tenant_access_token": TOKEN, "expire": 7200}
REFUSED = {"code": 10003, "msg": "invalid app_secret"}
FEISHU = """
[channels.feishu]
platform = "feishu"
app_id = "${F_ID}"
app_secret = "${F_SECRET}"
encrypt_key = "${F_KEY}"
api_base = "%s"
accounts_base = "%s"
"""
KEYS = {"F_ID": "cli_9f1", "F_SECRET": "9d1e7c5b3a28f604", "F_KEY": "7b1c9e3d5f7082a4"}
PLAIN = '[channels.plain]\nplatform = "callback"\nsecret = "5f1c9d27b3e84a60"\n'


class Platform(ThreadingHTTPServer):
    """Answers every request with one JSON object, and counts."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] = GIVEN
        self.asked = 0
        super().__init__(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Platform

    def do_POST(self) -> None:
        self.server.asked += 1
        body = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def check(services: Services, *words: str) -> Result:
    return CliRunner().invoke(channels_group(services), ["check", *words])


def test_keys_that_the_platform_takes_are_said_to_work(
    services_with: Callable[..., Services], platform: Platform
) -> None:
    result = check(services_with(channels=FEISHU % (platform.url, platform.url), env=KEYS))
    assert "feishu  (feishu)  ok" in result.output
    assert "app token: the platform gave one" in result.output
    assert result.exit_code == 0
    assert TOKEN not in result.output


def test_keys_that_the_platform_refuses_are_wrong(
    services_with: Callable[..., Services], platform: Platform
) -> None:
    platform.answer = REFUSED
    result = check(services_with(channels=FEISHU % (platform.url, platform.url), env=KEYS))
    assert "feishu  (feishu)  WRONG" in result.output
    assert "app token: refused." in result.output
    assert "(10003)" in result.output
    assert result.exit_code == 1
    assert KEYS["F_SECRET"] not in result.output


def test_a_platform_that_cannot_be_reached_is_wrong(services_with: Callable[..., Services]) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    result = check(services_with(channels=FEISHU % (away, away), env=KEYS))
    assert "the platform cannot be reached" in result.output
    assert result.exit_code == 1


def test_a_simulator_that_is_not_running_says_nothing_about_the_keys(
    services_with: Callable[..., Services],
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    result = check(services_with(channels=FEISHU % (away, away), env=KEYS | {"SANDBOX_URL": away}))
    assert "not tried, the simulator does not answer" in result.output
    assert result.exit_code == 0


def test_offline_asks_nobody(services_with: Callable[..., Services], platform: Platform) -> None:
    result = check(services_with(channels=FEISHU % (platform.url, platform.url), env=KEYS), "--offline")
    assert "app token: not tried" in result.output
    assert (platform.asked, result.exit_code) == (0, 0)


OPENID = """
[channels.sso]
platform = "oauth2"
client_id = "client-1"
client_secret = "5f1c9d27b3e84a61"
issuer = "%s/oauth2"
"""


def test_a_login_server_that_names_its_addresses_is_asked_for_them(
    services_with: Callable[..., Services],
) -> None:
    with SandboxServer() as server:
        services = services_with(channels=OPENID % server.url)
        result = check(services)
        assert "sso  (oauth2)  ok" in result.output
        assert "discovery document: the platform gave one" in result.output
        assert result.exit_code == 0
        assert "discovery document: not tried" in check(services, "--offline").output


def test_a_login_server_that_calls_itself_something_else_is_wrong(
    services_with: Callable[..., Services],
) -> None:
    with SandboxServer() as server:
        elsewhere = {"issuer": "https://id.example.com"}
        server.state.faults.add("oauth2.discovery", "merge", replace=elsewhere)
        result = check(services_with(channels=OPENID % server.url))
    assert "sso  (oauth2)  WRONG" in result.output
    assert "it names another issuer" in result.output
    assert result.exit_code == 1


def test_a_channel_nobody_set_up_is_off_and_nothing_is_wrong(services_with: Callable[..., Services]) -> None:
    result = check(services_with(channels=PLAIN + FEISHU % ("https://a.example", "https://a.example")))
    assert "feishu  (feishu)  off" in result.output
    assert "F_ID, F_SECRET, F_KEY" in result.output
    assert result.exit_code == 0


def test_a_channel_that_was_begun_and_not_finished_is_wrong(services_with: Callable[..., Services]) -> None:
    result = check(
        services_with(
            channels=PLAIN + FEISHU % ("https://a.example", "https://a.example"),
            env={"F_KEY": "7b1c9e3d5f7082a4"},
        )
    )
    assert "feishu  (feishu)  WRONG" in result.output
    assert "not set in the environment: F_ID, F_SECRET" in result.output
    assert "begun: F_KEY" in result.output
    assert result.exit_code == 1


def test_what_a_half_configured_channel_cannot_do_is_said_with_the_reason(
    services_with: Callable[..., Services],
) -> None:
    begun = {"F_ID": "cli_9f1", "F_SECRET": "9d1e7c5b3a28f604"}
    services = services_with(channels=FEISHU % ("https://a.example", "https://a.example"), env=begun)
    result = check(services, "--offline")
    assert "feishu  (feishu)  ok" in result.output
    assert "can login, app_token" in result.output
    assert "off: inbound: verification_token is not set" in result.output
    assert "not set in the environment: F_KEY" in result.output
    assert result.exit_code == 0


def test_one_channel_can_be_asked_for_and_has_to_work(services_with: Callable[..., Services]) -> None:
    services = services_with(channels=PLAIN + FEISHU % ("https://a.example", "https://a.example"))
    assert check(services, "plain").output.startswith("plain  (callback)  ok")
    assert "feishu" not in check(services, "plain").output
    assert check(services, "feishu").exit_code == 1
    unknown = check(services, "nowhere")
    assert unknown.exit_code == 1
    assert "There is no channel 'nowhere'" in unknown.output


def test_what_production_would_refuse_is_said(services_with: Callable[..., Services]) -> None:
    result = check(services_with(channels='[channels.a]\nplatform = "callback"\nsecret = "change-me"\n'))
    assert "secret: a placeholder" in result.output


def test_an_address_that_does_not_lead_here_is_wrong_with_what_to_do(
    services_with: Callable[..., Services],
) -> None:
    away = {"PUBLIC_BASE_URL": f"http://127.0.0.2:{free_port()}", "SANDBOX": "0"}
    services = services_with(channels=PLAIN, env=away)
    result = check(services)
    assert "plain  (callback)  WRONG" in result.output
    assert "public_address: http://127.0.0.2" in result.output
    assert "→ Compare PUBLIC_BASE_URL" in result.output
    assert result.exit_code == 1
    for word in ("--offline", "--keys"):
        assert check(services, word).exit_code == 0


def test_what_the_platforms_console_must_hold_is_told_with_the_page(
    services_with: Callable[..., Services],
) -> None:
    both = PLAIN + FEISHU % ("https://a.example", "https://a.example")
    output = check(services_with(channels=both, env=KEYS), "--offline").output
    assert "must hold exactly: callback URL http://localhost:5003/webhooks/plain." in output
    assert "must hold exactly: login redirect URL http://localhost:5003/oauth/feishu/callback" in output
    assert "docs/platforms/feishu.md" in output


def test_a_secret_that_does_not_fit_is_found_by_what_was_refused(
    services_with: Callable[..., Services],
) -> None:
    services = services_with(channels=PLAIN)
    with pytest.raises(VerificationError):
        receive(services, "plain", signed_callback(secret="another-5c1d9e7b3a"), trace_id="t")
    result = check(services, "--offline")
    assert "signatures: Callbacks refused for their signature" in result.output
    assert result.exit_code == 1
    assert check(services, "--offline", "--keys").exit_code == 0


@pytest.mark.parametrize("command", ["list", "check"])
def test_a_handler_module_that_takes_no_part_is_told(
    services_with: Callable[..., Services], command: str
) -> None:
    services = replace(services_with(channels=PLAIN), notices=("handlers/x.py has no router",))
    result = CliRunner().invoke(channels_group(services), [command])
    assert "! handlers/x.py has no router" in result.output
    assert result.exit_code == 0
