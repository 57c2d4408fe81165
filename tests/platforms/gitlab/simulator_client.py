"""A small client of the simulated GitLab, written as an application would talk to it."""

from __future__ import annotations

import requests

from tests.sandbox.clients import CHALLENGE, RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer

NONCE = "nonce-of-this-login"


def gitlab_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the login page."""
    query = {
        "client_id": sandbox.settings["GITLAB_CLIENT_ID"],
        "redirect_uri": RETURN_ADDRESS,
        "response_type": "code",
        "scope": "openid profile",
        "state": "s1",
        "nonce": NONCE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return get(f"{sandbox.url}/gitlab/oauth/authorize", **query)


def gitlab_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(gitlab_authorize(sandbox, **changes))["code"]


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [gitlab_authorize(sandbox)]
