"""Fixtures: one simulator for the folder, and a gateway in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.pipeline.services import Services
from tests.relay.gateway import Sibling, channels_file
from tests.sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    """Run one simulator."""
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    """Return the simulator with nothing in its memory."""
    running_sandbox.state.reset()
    return running_sandbox


@pytest.fixture
def sibling(services_with: Callable[..., Services], sandbox: SandboxServer) -> Sibling:
    """Return a sibling of a gateway in front of the simulator."""
    return Sibling(services_with(channels=channels_file(sandbox.settings, sandbox.url)))
