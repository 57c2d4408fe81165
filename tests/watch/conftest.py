"""Fixtures of the tests of the watch: a gateway whose watch speaks through the channel `post`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.pipeline.services import Services
from tests.builders import FrozenClock
from tests.sending.office import Office
from tests.watch.post import Post


@pytest.fixture
def office() -> Iterator[Office]:
    """Run the platform that takes the messages."""
    running = Office()
    yield running
    running.close()


@pytest.fixture
def post(services_with: Callable[..., Services], clock: FrozenClock, office: Office) -> Post:
    """Return the gateway, with a `callback` channel beside the one it speaks through."""
    return Post(services_with, clock, office)
