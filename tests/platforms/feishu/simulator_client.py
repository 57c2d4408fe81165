"""A small client of the simulated Feishu, written as an application would talk to it."""

from __future__ import annotations

import requests

from tests.sandbox.clients import RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer


def feishu_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the Feishu login page."""
    query = {
        "client_id": sandbox.settings["FEISHU_APP_ID"],
        "response_type": "code",
        "redirect_uri": RETURN_ADDRESS,
        "scope": "offline_access",
        "state": "s1",
        **changes,
    }
    return get(f"{sandbox.url}/feishu/open-apis/authen/v1/authorize", **query)


def feishu_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(feishu_authorize(sandbox, **changes))["code"]


def feishu_fields(sandbox: SandboxServer, **fields: str) -> dict[str, str]:
    """Returns the fields of a Feishu token request; an empty one is left out."""
    body = {
        "grant_type": "authorization_code",
        "client_id": sandbox.settings["FEISHU_APP_ID"],
        "client_secret": sandbox.settings["FEISHU_APP_SECRET"],
        **fields,
    }
    return {name: value for name, value in body.items() if value}


def feishu_token(sandbox: SandboxServer, **fields: str) -> requests.Response:
    """Calls the Feishu token endpoint with a form."""
    body = feishu_fields(sandbox, **fields)
    return requests.post(f"{sandbox.url}/feishu/oauth/v3/token", data=body, timeout=5)


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [feishu_authorize(sandbox)]
