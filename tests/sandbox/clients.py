"""What the small clients of all simulated platforms share; each platform's own is in its folder in tests/platforms."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.sandbox.server import SandboxServer

RETURN_ADDRESS = "http://shop.example/oauth/callback?keep=1"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def get(url: str, **query: str) -> requests.Response:
    """Gets an address without following redirects."""
    return requests.get(f"{url}?{urlencode(query)}" if query else url, allow_redirects=False, timeout=5)


def returned(response: requests.Response) -> dict[str, str]:
    """Reads what a login page sent back to the return address."""
    assert response.status_code == 302, response.text
    location = urlsplit(response.headers["Location"])
    assert location.netloc == "shop.example"
    return dict(parse_qsl(location.query))


def fire(server: SandboxServer, **order: Any) -> list[dict[str, Any]]:
    """Fires an order at the gateway and returns one result per request."""
    answer = requests.post(f"{server.url}/_sandbox/fire", json=order, timeout=15)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()
    return results
