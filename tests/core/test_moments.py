"""A time is read as what it plainly is, in whatever unit or words its sender writes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.errors import PayloadError
from app.core.moments import moment_from, moment_or_none
from tests.platforms.callback.channel import take
from tests.platforms.callback.signing import body_of, signed, stamped
from tests.platforms.standard_webhooks.signing import WEBHOOK_SECRET, webhook

MOMENT = datetime(2026, 1, 31, 8, 0, 0, 123456, tzinfo=UTC)
WHOLE = MOMENT.replace(microsecond=0)
MICROSECONDS = int(WHOLE.timestamp()) * 1_000_000 + 123456


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (MICROSECONDS // 1_000_000, WHOLE),
        (MICROSECONDS // 1000, WHOLE + timedelta(milliseconds=123)),
        (MICROSECONDS, MOMENT),
        (MICROSECONDS * 1000 + 456, MOMENT),
        ("1769846400.123456", MOMENT),
        ("2026-01-31T08:00:00.123456Z", MOMENT),
        ("2026-01-31T16:00:00+08:00", WHOLE),
        ("20260131080000", WHOLE),
        ("20260131", WHOLE.replace(hour=0)),
        ("Sat, 31 Jan 2026 08:00:00 GMT", WHOLE),
        ("Sat, 31 Jan 2026 09:00:00 +0100", WHOLE),
        (" 1769846400 ", WHOLE),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
    ids=repr,
)
def test_units_and_words_of_time_are_told_apart(value: Any, moment: datetime) -> None:
    assert moment_from(value) == moment
    if isinstance(value, int):
        assert moment_from(str(value)) == moment


@pytest.mark.parametrize(
    "value",
    [
        True, [], {}, "", " ", "yesterday", "x" * 10_000, "9" * 400, 10**20, 2**70, 10**4000, -(10**30), 1 - 10**11, 1e30,
        float("inf"), float("nan"), "NaN", "Infinity", "１７６９８４６４００", "9e999999999", "0001-01-01T00:00:00+14:00",
        "Sat, 99 Jan 2026", "20261331080000x", "9999-12-31T23:59:59-14:00",
    ],
)  # fmt: skip
def test_what_names_no_time_is_told_apart_too(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment_from(value)
    assert moment_or_none(value) is None


def test_a_webhook_with_an_odd_time_in_its_body_is_taken() -> None:
    body = json.dumps({"type": "t", "timestamp": "soon", "data": {}}).encode()
    assert take(webhook(body), secret=WEBHOOK_SECRET).occurred_at is None


@pytest.mark.parametrize("scheme", ["body", "timestamp-nonce"])
def test_a_type_in_the_header_alone_is_refused_with_the_reason(scheme: str) -> None:
    sign = signed if scheme == "body" else stamped
    request = sign(body_of(event_type=None))
    request = request._replace(headers=(*request.headers, ("X-Event-Type", "user_authorized")))
    with pytest.raises(PayloadError, match="no scheme of this platform signs that header") as caught:
        take(request, scheme=scheme)
    assert (caught.value.reason, caught.value.http_status) == ("event_type_only_in_header", 400)
