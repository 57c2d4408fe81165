"""No line of the log is longer than 4 kB, whatever a caller sent."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
import structlog

from app.core.traces import Trace, entered
from app.security.redaction import redact_event
from app.telemetry.logging import MAX_LINE, bounded_json, configure_logging

LONG: dict[str, dict[str, Any]] = {
    "one field": {"event": "refused", "path": "x" * 50_000},
    "wide characters": {"event": "refused", "path": "漢" * 50_000},
    "a list": {"event": "refused", "headers": [("X-A", "y" * 900)] * 200},
    "many fields": {"event": "refused", "level": "warning"}
    | {f"field_{number}": "z" * 90 for number in range(300)},
    "a traceback": {
        "event": "failed",
        "exception": "Traceback\n" + "  File\n" * 5000 + "ValueError: the cause",
    },
    "the event itself": {"event": "e" * 50_000, "level": "info"},
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_event_stays_one_readable_line(name: str) -> None:
    text = bounded_json(None, "info", LONG[name])
    assert len(text.encode()) <= MAX_LINE
    assert "\n" not in text
    assert json.loads(text)["event"][:3] == LONG[name]["event"][:3]


def test_the_error_at_the_end_of_a_traceback_stays() -> None:
    assert json.loads(bounded_json(None, "error", LONG["a traceback"]))["exception"].endswith("the cause")


def test_a_short_event_is_written_as_it_is() -> None:
    event = {"event": "accepted", "count": 3, "none": None, "list": [1, 2]}
    assert json.loads(bounded_json(None, "info", event)) == event


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("name", LONG)
def test_no_line_that_is_written_is_longer(
    whole_logging: None, capsys: pytest.CaptureFixture[str], as_json: bool, name: str
) -> None:
    configure_logging(as_json=as_json, level="INFO", redact=redact_event)
    logging.getLogger().handlers[0].setStream(sys.stderr)  # type: ignore[attr-defined]
    fields = dict(LONG[name])
    structlog.get_logger("test").warning(
        str(fields.pop("event")), **{k: v for k, v in fields.items() if k != "level"}
    )
    logging.getLogger("test.plain").warning("%s", LONG[name]["event"] * 100)
    lines = capsys.readouterr().err.encode().split(b"\n")
    assert len(lines) > 2
    assert max(map(len, lines)) <= MAX_LINE


def test_lines_carry_trace_and_span_of_what_runs(
    whole_logging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(as_json=True, level="INFO", redact=redact_event)
    with entered(Trace("a" * 32, "b" * 16)):
        structlog.get_logger("a test").info("handled")
    structlog.get_logger("a test").info("over")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["trace_id"], first["span_id"]) == ("a" * 32, "b" * 16)
    assert "trace_id" not in second or second["trace_id"] != "a" * 32
