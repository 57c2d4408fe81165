"""Fixtures of the login checks: two running simulators, and the gateway in front of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.storage.database.db import Database
from tests.builders import FrozenClock, make_services
from tests.login.simulated import ENVIRONMENT, SECOND_CLIENT, SimulatedGateway, VisitingBrowser, channels_file
from tests.sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def simulators() -> Iterator[tuple[SandboxServer, SandboxServer]]:
    client_id, client_secret = SECOND_CLIENT
    with (
        SandboxServer() as first,
        SandboxServer({"OAUTH2_CLIENT_ID": client_id, "OAUTH2_CLIENT_SECRET": client_secret}) as second,
    ):
        yield first, second


@pytest.fixture
def sandbox(simulators: tuple[SandboxServer, SandboxServer]) -> SandboxServer:
    """Return the simulator behind `feishu`, `wechat` and `account`, as new."""
    for server in simulators:
        server.state.reset()
    return simulators[0]


@pytest.fixture
def gateway(
    database: Database,
    clock: FrozenClock,
    sandbox: SandboxServer,
    simulators: tuple[SandboxServer, SandboxServer],
) -> Iterator[SimulatedGateway]:
    """Return a production gateway on https with the channels feishu, wechat, account and second."""
    channels = channels_file(*simulators)
    services = make_services(database, clock=clock, channels=channels, env=ENVIRONMENT)
    made = SimulatedGateway(services, clock, *simulators, channels=channels)
    yield made
    made.close()


@pytest.fixture
def browser(gateway: SimulatedGateway) -> VisitingBrowser:
    """Return a browser that has never been here."""
    return gateway.browser()
