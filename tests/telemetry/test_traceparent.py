"""What counts as a caller's trace, and what a trace of our own looks like. Cases: W3C Trace Context §3.2 and its test suite's."""

from __future__ import annotations

import re

import pytest

from app.core.identifiers import new_id
from app.core.traces import begin, parse_traceparent, span_of_attempt, trace_of_stored
from tests.builders import NOW

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{SPAN}-01"


def test_a_valid_header_names_trace_and_span() -> None:
    parsed = parse_traceparent(VALID)
    assert parsed is not None
    assert (parsed.trace_id, parsed.span_id, parsed.is_sampled) == (TRACE, SPAN, True)


@pytest.mark.parametrize("flags", ["00", "02", "fe"])
def test_only_the_last_bit_of_the_flags_says_sampled(flags: str) -> None:
    parsed = parse_traceparent(f"00-{TRACE}-{SPAN}-{flags}")
    assert parsed is not None
    assert not parsed.is_sampled


@pytest.mark.parametrize("text", [f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-comes-later"])
def test_a_later_version_is_read_as_far_as_it_is_known(text: str) -> None:
    parsed = parse_traceparent(text)
    assert parsed is not None
    assert parsed.trace_id == TRACE


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        VALID.upper(),
        f" {VALID}",
        f"{VALID} ",
        f"{VALID}\n",
        f"{VALID},{VALID}",
        f"{VALID}-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-0x",
        f"cc-{TRACE}-{SPAN}-01.what",
        "٠" * 55,
        VALID * 2_000,
    ],
)
def test_everything_else_is_no_trace(text: str | None) -> None:
    assert parse_traceparent(text) is None


def test_a_callers_trace_goes_on_with_a_span_of_ours() -> None:
    trace = begin(VALID, new_id(NOW), None)
    assert (trace.trace_id, trace.parent_id) == (TRACE, SPAN)
    assert trace.span_id != SPAN
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", trace.traceparent)


def test_a_caller_who_does_not_sample_is_told_on_as_such() -> None:
    assert begin(f"00-{TRACE}-{SPAN}-00", new_id(NOW), None).traceparent.endswith("-00")


def test_what_begins_here_is_known_by_its_id_alone() -> None:
    own = new_id(NOW)
    assert trace_of_stored(own, "", None)[:3] == begin("nonsense", own, None)[:3]


def test_attempts_have_spans_that_others_can_name() -> None:
    spans = {span_of_attempt("d1", 1), span_of_attempt("d1", 2), span_of_attempt("d2", 1)}
    assert len(spans) == 3
    assert span_of_attempt("d1", 1) in spans
    assert all(re.fullmatch("[0-9a-f]{16}", span) for span in spans)
