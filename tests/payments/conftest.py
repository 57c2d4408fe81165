"""The simulator, started once for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    running_sandbox.state.reset()
    return running_sandbox
