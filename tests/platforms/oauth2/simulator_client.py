"""A small client of the simulated OAuth2 provider, written as an application would talk to it."""

from __future__ import annotations

import requests

from tests.sandbox.clients import RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer


def oauth2_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the OAuth2 login page."""
    query = {
        "client_id": sandbox.settings["OAUTH2_CLIENT_ID"],
        "redirect_uri": RETURN_ADDRESS,
        "response_type": "code",
        "scope": "profile balance",
        "state": "s1",
        **changes,
    }
    return get(f"{sandbox.url}/oauth2/api/oauth2/authorize", **query)


def oauth2_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(oauth2_authorize(sandbox, **changes))["code"]


def oauth2_token(sandbox: SandboxServer, **fields: str) -> requests.Response:
    """Calls the OAuth2 token endpoint."""
    body = {
        "grant_type": "authorization_code",
        "redirect_uri": RETURN_ADDRESS,
        "client_id": sandbox.settings["OAUTH2_CLIENT_ID"],
        "client_secret": sandbox.settings["OAUTH2_CLIENT_SECRET"],
        **fields,
    }
    return requests.post(f"{sandbox.url}/oauth2/api/oauth2/token", data=body, timeout=5)


def oauth2_get(sandbox: SandboxServer, name: str, token: str) -> requests.Response:
    """Calls a protected OAuth2 endpoint."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{sandbox.url}/oauth2/api/oauth2/{name}", headers=headers, timeout=5)


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [oauth2_authorize(sandbox), requests.get(f"{sandbox.url}/oauth2/topup/maya", timeout=5)]
