"""The stage of the browser tests: a served gateway, the simulator it talks to, a browser, and visitors who watch it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)
from playwright.sync_api import (
    Error as PlaywrightError,
)

from sandbox.platforms import simulated_platforms
from tests.live import ROOT, LiveGateway
from tests.ports import free_port
from tests.sandbox.server import SandboxServer

WINDOWLESS = "/usr/bin/chromium-headless-shell"
CHROMIUM = os.environ.get("CHROMIUM") or (
    WINDOWLESS if os.access(WINDOWLESS, os.X_OK) else "/usr/bin/chromium"
)
"""Debian's Chromium. The one without windows takes half the processor's time and draws the same pages."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
HERE = {"127.0.0.1", "localhost"}
OPERATORS_PASSWORD = "Qv8-first-person-word"
PATIENCE_MILLISECONDS = 20_000
"""How long anything on a page may take, on a machine that does four other things."""


class Stage:
    """A gateway and a simulator that know each other; the channels are those of the repository's own file."""

    def __init__(self, gateway: LiveGateway, sandbox: SandboxServer):
        self.gateway = gateway
        self.sandbox = sandbox
        self.url = gateway.url


@contextmanager
def open_stage(folder: Path, **env: str) -> Iterator[Stage]:
    """Serve both until the end."""
    port = free_port()
    with SandboxServer(gateway_url=f"http://127.0.0.1:{port}") as sandbox:
        channels = (ROOT / "channels.example.toml").read_text(encoding="utf-8")
        settings = simulated_accounts(sandbox) | env
        with LiveGateway(folder, channels=channels, env=settings, port=port) as gateway:
            yield Stage(gateway, sandbox)


def simulated_accounts(sandbox: SandboxServer) -> dict[str, str]:
    """Return the environment that makes the simulator's accounts this gateway's channels."""
    bases = {
        address.variable: sandbox.url + address.path
        for platform in simulated_platforms()
        for address in platform.addresses
    }
    return {**sandbox.settings.credentials, **bases, "SANDBOX_URL": sandbox.url}


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """Somebody with a browser window of their own; what their pages complain about is written down.

    `expects` are parts of complaints that belong to the test, such as the 400 of a refused login.
    """

    def __init__(self, browser: Browser, stage: Stage, *, expects: tuple[str, ...] = (), **options: Any):
        chosen = {"locale": "en-US", "viewport": DESK, "color_scheme": "light"} | options
        self.stage = stage
        self.context: BrowserContext = browser.new_context(**chosen)
        self.context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.expects = expects
        self._complaints: list[str] = []
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self._complaints.append(f"script: {error.error}"))
        self.context.on("request", self._watch)
        self.page: Page = self.context.new_page()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(f"console: {message.text}")

    def _watch(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in HERE and not request.url.startswith(("data:", "blob:")):
            self._complaints.append(f"request to {request.url}")

    @property
    def complaints(self) -> list[str]:
        """What was wrong and not expected."""
        return [text for text in self._complaints if not any(part in text for part in self.expects)]

    def open(self, path: str = "/") -> Page:
        """Go to a page of the gateway."""
        self.page.goto(self.stage.url + path)
        return self.page

    def log_in(self, platform: str) -> Page:
        """Log in with a platform and come back to the front page."""
        page = self.open()
        page.get_by_role("link", name=f"Log in with {platform}", exact=True).click()
        allow_everything(page)
        page.wait_for_url(f"{self.stage.url}/")
        return page

    def operate(self, path: str = "/console/") -> Page:
        """Sign in to the console as its first person and go to one of its pages."""
        page = self.open("/console/sign-in")
        page.locator("input[name=name]").fill("admin")
        page.locator("input[name=password]").fill(OPERATORS_PASSWORD)
        page.locator("main button.primary").click()
        page.wait_for_url(f"{self.stage.url}/console/")
        return self.open(path)

    def leave(self) -> None:
        """Close the window."""
        self.context.close()


def allow_everything(page: Page) -> None:
    """Press the platform's yes until it has no more questions, or until a popup that has finished closes itself."""
    page.locator("button[value=allow]").wait_for()
    try:
        while page.locator("button[value=allow]").count():
            with page.expect_navigation():
                page.locator("button[value=allow]").click()
    except PlaywrightError:
        if not page.is_closed():
            raise
