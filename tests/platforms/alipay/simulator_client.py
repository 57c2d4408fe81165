"""A small client of the simulated Alipay."""

from __future__ import annotations

import requests

from tests.sandbox.clients import RETURN_ADDRESS, get, returned
from tests.sandbox.server import SandboxServer


def alipay_authorize(sandbox: SandboxServer, **changes: str) -> requests.Response:
    """Opens the login page."""
    query = {
        "app_id": sandbox.settings["ALIPAY_APP_ID"],
        "scope": "auth_user",
        "redirect_uri": RETURN_ADDRESS,
        "state": "s1",
        **changes,
    }
    return get(f"{sandbox.url}/alipay/oauth2/publicAppAuthorize.htm", **query)


def alipay_code(sandbox: SandboxServer, **changes: str) -> str:
    """Logs Lin Xiao in at once and returns the code."""
    sandbox.state.auto_person = "linxiao"
    return returned(alipay_authorize(sandbox, **changes))["auth_code"]


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [alipay_authorize(sandbox), alipay_authorize(sandbox, scope="auth_base")]
