"""Commands that print what they did write no lines of a log beside it, unless something is wrong."""

from __future__ import annotations

import logging

import pytest

from app.telemetry.logging import only_warnings


def test_lines_below_a_warning_are_left_out_meanwhile(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("app.quiet")
    root = logging.getLogger()
    before = root.level
    with only_warnings():
        log.info("said")
        log.warning("told")
    assert [record.message for record in caplog.records] == ["told"]
    assert root.level == before
