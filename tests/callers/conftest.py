"""The simulator, started once for these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.server import SandboxServer


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server
