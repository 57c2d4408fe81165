"""The line of a callback as JSON: the same fields in both ways of writing, one line whatever a sender says."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from app.core.errors import CallgateError
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.security.redaction import redact_event
from app.telemetry.callback_lines import CallbackLines, lines
from app.telemetry.logging import SPAN_ID, configure_logging
from tests.builders import CALLBACK_CHANNEL, envelope, signed_callback

pytestmark = pytest.mark.backends("sqlite")
TRACE = "0123456789abcdef0123456789abcdef"
STORES = f'{CALLBACK_CHANNEL}unknown_events = "store"\n'


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(channels=STORES)


def deliver(services: Services, **changes: Any) -> Any:
    return receive(services, "callback", signed_callback(**changes), trace_id=TRACE)


@pytest.fixture
def written(whole_logging: None) -> StringIO:
    SPAN_ID.set(None)
    configure_logging(as_json=True, level="INFO", redact=redact_event)
    stream = StringIO()
    logging.getLogger().handlers[0].setStream(stream)  # type: ignore[attr-defined]
    return stream


def test_as_json_both_ways_of_writing_have_the_same_fields(services: Services, written: StringIO) -> None:
    deliver(services)
    told_quickly = json.loads(written.getvalue())
    written.truncate(0)
    written.seek(0)
    with pytest.raises(CallgateError):
        deliver(services, headers={"X-Signature": "no"})
    told_slowly = json.loads(written.getvalue())
    shared = {"timestamp", "level", "service", "message", "trace_id", "method", "path", "channel", "outcome", "status", "duration_ms"}  # fmt: skip
    assert set(told_quickly) == shared | {"type", "event_id"}
    assert set(told_slowly) == shared | {"error", "reason", "why"}
    assert told_quickly["message"] == told_slowly["message"] == "callback"


def test_the_span_that_runs_is_named(services: Services, written: StringIO) -> None:
    SPAN_ID.set("0123456789abcdef")
    deliver(services)
    SPAN_ID.set(None)
    assert json.loads(written.getvalue())["span_id"] == "0123456789abcdef"


def test_secrets_that_a_type_or_path_holds_are_not_written(services: Services, written: StringIO) -> None:
    receive(services, "callback", signed_callback(envelope("e1", "token=s3cret-7a51")), trace_id=TRACE)
    assert "s3cret-7a51" not in written.getvalue()


def test_a_line_cannot_be_broken_by_what_a_sender_says(services: Services, written: StringIO) -> None:
    receive(services, "callback", signed_callback(envelope("e1", 'x"}{"message":"forged')), trace_id=TRACE)
    assert json.loads(written.getvalue())["message"] == "callback"


def test_below_its_level_the_line_is_not_written(services: Services, whole_logging: None) -> None:
    configure_logging(as_json=True, level="WARNING", redact=redact_event)
    stream = StringIO()
    logging.getLogger().handlers[0].setStream(stream)  # type: ignore[attr-defined]
    deliver(services)
    assert stream.getvalue() == ""


def test_a_thread_writes_what_has_gathered_and_stopping_writes_the_rest() -> None:
    stream = StringIO()
    taken = CallbackLines()
    taken.write_to(logging.StreamHandler(stream))
    taken.start()
    for number in range(100):
        taken.write({"number": number})
    taken.stop()
    assert [json.loads(line)["number"] for line in stream.getvalue().splitlines()] == list(range(100))


def test_after_stopping_lines_are_written_at_once() -> None:
    stream = StringIO()
    taken = CallbackLines()
    taken.write_to(logging.StreamHandler(stream))
    taken.start()
    taken.stop()
    taken.write({"number": 1})
    assert stream.getvalue() == '{"number":1}\n'


def test_for_people_the_line_goes_the_usual_way(services: Services, whole_logging: None) -> None:
    configure_logging(as_json=False, level="INFO", redact=redact_event)
    stream = StringIO()
    logging.getLogger().handlers[0].setStream(stream)  # type: ignore[attr-defined]
    assert not lines.are_quick
    deliver(services)
    assert "callback" in stream.getvalue()
    assert TRACE in stream.getvalue()


def test_a_log_that_cannot_be_written_fails_no_callback(services: Services, written: StringIO) -> None:
    written.close()
    assert deliver(services).status == 200
