"""A small client of the simulated Acme."""

from __future__ import annotations

import requests

from tests.sandbox.clients import CHALLENGE, RETURN_ADDRESS, get
from tests.sandbox.server import SandboxServer


def acme_authorize(sandbox: SandboxServer) -> requests.Response:
    return get(
        f"{sandbox.url}/acme/authorize",
        client_id=sandbox.settings["ACME_CLIENT_ID"],
        redirect_uri=RETURN_ADDRESS,
        state="s1",
        code_challenge=CHALLENGE,
    )


def pages(sandbox: SandboxServer) -> list[requests.Response]:
    """Opens every page that people can see."""
    return [acme_authorize(sandbox), requests.get(f"{sandbox.url}/phone?platform=acme", timeout=5)]
