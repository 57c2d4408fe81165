"""Messages to a robot: signed by the time alone."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, Outcome, Situation
from tests.platforms.dingtalk.channel import NOW, VECTORS, connector, delivery, parsed, robot

CASES = {case["name"]: case for case in VECTORS["robot"]}
BODY = b'{"msgtype":"text","msgId":"m1","senderStaffId":"u1","text":{"content":"hi"}}'
STAMP = 1_780_000_000_000


def reason(request: InboundRequest, **overrides: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        connector(**overrides).verify(request, NOW)
    return caught.value.reason


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_message_is_believed_or_refused_as_recorded(name: str) -> None:
    case = CASES[name]
    body = base64.b64decode(case["request"]["body_base64"])
    source, request = connector(app_secret=case["secrets"][0]), delivery(body, **case["request"]["headers"])
    now = datetime.fromtimestamp(case["now"], UTC)
    if not case["expect"]["valid"]:
        with pytest.raises(VerificationError):
            source.verify(request, now)
        return
    found = source.parse(request, source.verify(request, now))
    assert (found.key, found.type) == (case["expect"]["event_id"], case["expect"]["event_type"])


@pytest.mark.parametrize(
    ("off", "is_taken"),
    [(0, True), (3_600_000, True), (-3_600_000, True), (3_600_001, False), (-3_600_001, False)],
)
def test_an_hour_is_allowed_on_both_sides(off: int, is_taken: bool) -> None:
    request = robot(BODY, str(STAMP + off))
    if is_taken:
        assert parsed(request).type == "text"
    else:
        assert reason(request) == "timestamp_outside_tolerance"


@pytest.mark.parametrize(
    "stamp", ["1780000000", "17800000000000", "+780000000000", "178000000000x", "1_80000000000", "١" * 13]
)
def test_a_time_that_is_not_thirteen_digits_is_refused(stamp: str) -> None:
    assert reason(delivery(BODY, timestamp=stamp, sign="x")) == "bad_timestamp"


@pytest.mark.parametrize("sign", ["x", "é", "令牌", "\x00", "A" * 44])
def test_another_signature_is_refused(sign: str) -> None:
    assert reason(delivery(BODY, timestamp=str(STAMP), sign=sign)) == "bad_signature"


def test_a_missing_or_empty_signature_is_refused() -> None:
    assert reason(delivery(BODY, timestamp=str(STAMP))) == "missing_signature"
    assert reason(delivery(BODY, timestamp=str(STAMP), sign="")) == "missing_signature"


def test_without_an_app_secret_no_robot_is_believed() -> None:
    assert reason(robot(BODY, secret=""), app_secret="") == "app_secret_not_set"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"msgtype":5}', b'{"msgtype":""}'])
def test_a_proven_message_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        parsed(robot(body))


def test_a_message_without_an_id_is_never_a_duplicate() -> None:
    assert parsed(robot(b'{"msgtype":"text"}')).key is None


@pytest.mark.parametrize(
    ("situation", "data", "said"),
    [
        (
            Situation.SUCCESS,
            {"msgtype": "text", "text": {"content": "hi"}},
            {"msgtype": "text", "text": {"content": "hi"}},
        ),
        (Situation.SUCCESS, "text", {}),
        (Situation.SUCCESS, {"a": object()}, {}),
        (Situation.ACCEPTED, None, {}),
        (Situation.HANDLER_FAILED, {"a": 1}, {}),
    ],
)
def test_a_robot_is_answered_with_what_its_handler_returned(
    situation: Situation, data: Any, said: Any
) -> None:
    source, request = connector(), robot(BODY)
    verified = source.verify(request, NOW)
    reply = source.acknowledge(
        request, verified, Outcome(situation, "e", source.parse(request, verified), data=data)
    )
    assert (reply.status, json.loads(reply.body)) == (200, said)
