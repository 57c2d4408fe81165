"""Opens what people see of the simulated bot."""

from __future__ import annotations

import requests

from tests.sandbox.server import SandboxServer


def press(sandbox: SandboxServer, **form: str) -> requests.Response:
    """Does something in the bot's chat and returns the page that follows."""
    data = {"person": "maya", "platform": "wecom_aibot", **form}
    return requests.post(f"{sandbox.url}/phone/act", data=data, timeout=15)


def chat(sandbox: SandboxServer) -> requests.Response:
    """Opens the bot's chat."""
    return requests.get(f"{sandbox.url}/phone?platform=wecom_aibot&person=maya", timeout=5)


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [chat(sandbox)]
