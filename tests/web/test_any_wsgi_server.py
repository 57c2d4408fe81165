"""`wsgi.py`'s application under a server that knows nothing of our loop: the same answers, a thread for each request."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests
from werkzeug.serving import make_server

from app.factory import create_app
from app.pipeline.services import Services
from tests.builders import envelope, signed_callback
from tests.web.test_callbacks_before_flask import OPEN_TO_ALL


@pytest.fixture
def url(services_with: object) -> Iterator[str]:
    """Serve a gateway with Werkzeug's threads."""
    services: Services = services_with(channels=OPEN_TO_ALL)  # type: ignore[operator]
    server = make_server("127.0.0.1", 0, create_app(services=services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def post(url: str, key: str) -> requests.Response:
    request = signed_callback(envelope(key))
    headers = dict(request.headers)
    return requests.post(f"{url}/webhooks/callback", data=request.body, headers=headers, timeout=20)


def test_callbacks_are_stored_once_and_answered(url: str) -> None:
    said = [post(url, key).json()["status"] for key in ("evt_1", "evt_2", "evt_1")]
    assert said == ["accepted", "accepted", "already_processed"]


@pytest.mark.backends("sqlite")
def test_refusals_and_pages_are_answered(url: str) -> None:
    forged = requests.post(f"{url}/webhooks/callback", data=b"{}", timeout=20)
    assert (forged.status_code, forged.json()["error"]) == (401, "bad_signature")
    unknown = requests.post(f"{url}/webhooks/nobody", data=b"{}", timeout=20)
    assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_channel")
    large = requests.post(
        f"{url}/webhooks/callback", headers={"Content-Length": "4000000", "Connection": "close"}, timeout=20
    )
    assert (large.status_code, large.json()["error"]) == (413, "body_too_large")
    assert requests.get(f"{url}/healthz", timeout=20).json() == {"status": "ok"}
