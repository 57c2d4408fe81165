"""Logging as the gateway configures it, and the test run's own afterwards; a platform and a destination that listen."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from app.telemetry.callback_lines import lines
from tests.forwarding.receiver import Receiver
from tests.sending.office import Clerk, Office


@pytest.fixture
def whole_logging() -> Iterator[None]:
    """Give the logging of the test run back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    lines.write_to(None)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a destination that answers 204."""
    with Receiver() as running:
        yield running


@pytest.fixture
def office() -> Iterator[Office]:
    """Run a platform that takes messages."""
    running = Office()
    yield running
    running.close()


@pytest.fixture
def clerk(office: Office) -> Clerk:
    """Return the sender of the channel `post`."""
    return Clerk(office.url, "post")
