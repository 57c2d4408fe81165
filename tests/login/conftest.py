"""Fixtures of the login tests: a gateway whose platforms live in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.storage.database.db import Database
from tests.builders import FrozenClock
from tests.login.in_memory import FakePlatform, InMemoryGateway, open_gateway


@pytest.fixture
def gateway(database: Database, clock: FrozenClock) -> Iterator[InMemoryGateway]:
    """A gateway on https with the channels `fake` and `other`."""
    made = open_gateway(database, clock, {"fake": FakePlatform("fake:1"), "other": FakePlatform("fake:2")})
    yield made
    made.close()
