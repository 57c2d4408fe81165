"""A small client of the simulated DingTalk."""

from __future__ import annotations

import requests

from tests.sandbox.clients import RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer


def dingtalk_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the login page."""
    query = {
        "client_id": sandbox.settings["DINGTALK_APP_KEY"],
        "response_type": "code",
        "prompt": "consent",
        "scope": "openid",
        "redirect_uri": RETURN_ADDRESS,
        "state": "s1",
        **changes,
    }
    return get(f"{sandbox.url}/dingtalk/oauth2/auth", **query)


def dingtalk_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(dingtalk_authorize(sandbox, **changes))["authCode"]


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [dingtalk_authorize(sandbox)]
