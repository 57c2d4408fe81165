"""Logging as the gateway configures it, and the test run's own afterwards."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from app.telemetry.callback_lines import lines


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
