"""Applications in Node.js log a person in with this gateway as their OpenID provider, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.stage import PATIENCE_MILLISECONDS
from tests.databases import need
from tests.issuer.real.node import INSTALLED, open_program
from tests.issuer.real.stage import CLIENTS, login_channel, open_provider
from tests.live import LiveGateway
from tests.ports import free_port
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {name: free_port() for name in CLIENTS}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[LiveGateway]:
    """A provider with one login, the simulator, which says yes at once."""
    need("the OpenID clients (make openid-clients)", INSTALLED.exists())
    port = free_port()
    with SandboxServer(gateway_url=f"http://127.0.0.1:{port}") as sandbox:
        sandbox.state.auto_person = "linxiao"
        folder = tmp_path_factory.mktemp("provider")
        with open_provider(folder, port, login_channel(sandbox), ports) as gateway:
            yield gateway


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", ["express", "openid-client"])
def test_an_application_logs_in_goes_on_and_logs_out(
    provider: LiveGateway, ports: dict[str, int], page: Page, tmp_path: Path, name: str
) -> None:
    secret = CLIENTS[name].secret
    with open_program(name, tmp_path, issuer=provider.url, port=ports[name], secret=secret) as url:
        page.goto(f"{url}/private")
        page.wait_for_url(f"{url}/private")
        person = json.loads(page.locator("body").inner_text())
        assert person["name"] == "linxiao"
        page.goto(f"{url}/refresh")
        fresh = json.loads(page.locator("body").inner_text())
        assert (fresh["changed"], fresh["info"]["sub"]) == (True, person["sub"])
        page.goto(f"{url}/logout")
        page.wait_for_url(f"{url}/bye")
        expect(page.locator("body")).to_have_text("bye")
        page.goto(f"{provider.url}/api/v1/me")
        expect(page.locator("body")).to_contain_text("login_required")
