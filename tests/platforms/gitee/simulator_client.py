"""A small client of the simulated Gitee, written as an application would talk to it."""

from __future__ import annotations

import requests

from tests.sandbox.clients import RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer


def gitee_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the login page."""
    query = {
        "client_id": sandbox.settings["GITEE_CLIENT_ID"],
        "redirect_uri": RETURN_ADDRESS,
        "response_type": "code",
        "scope": "user_info",
        "state": "s1",
        **changes,
    }
    return get(f"{sandbox.url}/gitee/oauth/authorize", **query)


def gitee_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(gitee_authorize(sandbox, **changes))["code"]


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [gitee_authorize(sandbox)]
