"""The log that people read in a terminal shows what a caller sent, and does not do what it says."""

from __future__ import annotations

import logging
from io import StringIO

import pytest
import structlog

from app.security.redaction import redact_event
from app.telemetry.logging import configure_logging
from tests.core.test_visible import STEERING


@pytest.fixture
def written(whole_logging: None) -> StringIO:
    configure_logging(as_json=False, level="INFO", redact=redact_event)
    stream = StringIO()
    logging.getLogger().handlers[0].setStream(stream)  # type: ignore[attr-defined]
    return stream


@pytest.mark.parametrize("name", STEERING)
def test_a_field_does_not_steer_the_terminal(written: StringIO, name: str) -> None:
    structlog.get_logger("test").warning("callback_rejected", channel=STEERING[name], listed=[STEERING[name]])
    assert written.getvalue().removesuffix("\n").isprintable()


def test_a_line_of_a_library_cannot_forge_another(written: StringIO) -> None:
    logging.getLogger("test.plain").warning("bad name %s", "x\n2026-01-01 [error] forged\x1b[31m")
    assert written.getvalue().removesuffix("\n").isprintable()


def test_a_traceback_keeps_its_lines_and_shows_what_the_error_says(written: StringIO) -> None:
    try:
        raise ValueError("from outside \x1b[2J")
    except ValueError:
        structlog.get_logger("test").exception("handler_failed")
    lines = written.getvalue().removesuffix("\n").split("\n")
    assert lines[-1] == r"ValueError: from outside \u001b[2J"
    assert len(lines) > 3
