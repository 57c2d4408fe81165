"""Fixtures of the tests of messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.pipeline.services import Services
from tests.sending.office import Clerk, Office, open_channels


@pytest.fixture
def office() -> Iterator[Office]:
    """Run the platform."""
    running = Office()
    yield running
    running.close()


@pytest.fixture
def clerk(office: Office) -> Clerk:
    """Return the sender of the channel `post`."""
    return Clerk(office.url, "post")


@pytest.fixture
def gateway(services: Services, office: Office, clerk: Clerk) -> Services:
    """Return services whose one channel is `post`."""
    open_channels(services, office, clerk)
    return services
