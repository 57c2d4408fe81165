"""A gateway that listens, with keys for programs and a channel whose sender is a real HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from app.config.push_keys import PushKeyConfig
from app.factory import create_app
from app.pipeline.services import Services
from tests.builders import exchange
from tests.habits.keys import CI_KEY, OTHER_KEY
from tests.sending.office import Clerk, Office, open_channels


@pytest.fixture
def office() -> Iterator[Office]:
    running = Office()
    yield running
    running.close()


@pytest.fixture
def gateway(services_with: Callable[..., Services], office: Office) -> Services:
    """Return services with the channel `post` and two keys for it."""
    services = services_with()
    open_channels(services, office, Clerk(office.url, "post", recipient_kinds=("robot", "open_id")))
    keys = [
        PushKeyConfig.model_validate({"name": name, "key": key, "channels": ["post"], "rate": rate})
        for name, key, rate in (("ci", CI_KEY, "60/minute"), ("slow", OTHER_KEY, "1/minute"))
    ]
    exchange(services, push_keys=tuple(keys))
    return services


@pytest.fixture
def client(gateway: Services) -> FlaskClient:
    return create_app(services=gateway).test_client()


@pytest.fixture
def address(gateway: Services) -> Iterator[str]:
    """Serve the gateway on a free port, for clients of other programs."""
    server = make_server("127.0.0.1", 0, create_app(services=gateway), threaded=True)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()
