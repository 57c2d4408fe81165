"""Services over a made-up platform that binds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.pipeline.services import Services
from app.storage.database.db import Database
from tests.binding.fakes import Scannable, binding_services
from tests.builders import FrozenClock


@pytest.fixture
def binding(database: Database, clock: FrozenClock) -> Iterator[Services]:
    """Return services with the channels `shop` (QR codes), `plain` (typed codes only) and `deaf` (cannot bind)."""
    services = binding_services(database, clock=clock)
    yield services
    services.inline_pool.shutdown(wait=False)


@pytest.fixture
def shop(binding: Services) -> Scannable:
    """Return the connector of the channel `shop`."""
    _, connector = binding.channels.with_capability("shop", Scannable)
    return connector
