"""Messages by PushPlus: against the simulated service, and what every code means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.core.errors import UpstreamError
from app.core.sending import Message
from app.platforms import discover
from app.platforms.pushplus.sending import FAULTS
from app.wire.beijing_time import seconds_until_tomorrow
from tests.platforms.answering import answer, api
from tests.platforms.pushplus.sample import SAMPLES
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.sandbox.server import SandboxServer


def opened(sandbox: SandboxServer, **keys: str) -> Sending:
    spec = discover()["pushplus"]
    usual = {"token": sandbox.settings["PUSHPLUS_TOKEN"], "api_base": f"{sandbox.url}/pushplus"}
    return sending(spec.open("pushplus", spec.settings.model_validate({**usual, **keys})))


@pytest.fixture
def pushplus(sandbox: SandboxServer) -> Sending:
    return opened(sandbox)


def test_a_message_arrives_as_markdown_and_is_only_accepted(
    sandbox: SandboxServer, pushplus: Sending
) -> None:
    (result,) = pushplus.send(Message(title="告警", text="| 主机 | 用量 |\n|---|---|\n| db-1 | 97% |"))
    (message,) = sandbox.state.inbox.of("pushplus")
    assert (message.conversation, message.heading, message.id) == ("account", "告警", result.message_id)
    assert "<td>97%</td>" in str(message.drawn)
    assert result.accepted_only


def test_a_group_is_reached_by_its_code(sandbox: SandboxServer) -> None:
    opened(sandbox, topic="ops-group", way="mail").send(Message(text="x"))
    (message,) = sandbox.state.inbox.of("pushplus")
    assert (message.conversation, message.raw["channel"]) == ("group:ops-group", "mail")
    assert opened(sandbox, topic="nobody").refusal(Message(text="x")).code == "refused_content"


def test_a_ban_ends_with_the_day_in_beijing(sandbox: SandboxServer, pushplus: Sending) -> None:
    sandbox.state.shelf("pushplus.day")[str(int(sandbox.state.now() // 86_400))] = 200
    error = pushplus.refusal(Message(text="x"))
    assert error.code == "quota_reached"
    assert 0 < (error.retry_after or 0) <= 86_460
    assert seconds_until_tomorrow(datetime(2026, 11, 28, 15, 59, tzinfo=UTC)) == 120
    assert seconds_until_tomorrow(datetime(2026, 11, 28, 16, 0, tzinfo=UTC)) == 86_460


def test_every_code_has_its_outcome() -> None:
    cases = [(answer({"code": int(code), "msg": "x"}), fault.at_fault) for code, fault in FAULTS.items()]
    cases += [
        (answer({"code": 200, "msg": "ok", "data": "serial"}), "sent"),
        (answer({"code": 500, "msg": "x"}), "busy"),
        (answer({"code": 900, "msg": "x"}), "wait"),
        (answer({"code": 12345, "msg": "x"}), "content"),
        (answer({"msg": "x"}), "unknown"),
        (answer(b"<html>"), "unknown"),
        (answer(b"", 502), "busy"),
        (answer(b"", 429), "wait"),
    ]
    for given, expected in cases:
        assert ended(given) == expected, given.body


def ended(given: object) -> str:
    try:
        sending(SAMPLES[0].open(), api(given)).send(Message(text="x"))
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_native_content_passes_unchanged_and_odd_shapes_are_refused(
    sandbox: SandboxServer, pushplus: Sending
) -> None:
    content = {"title": "x", "content": {"a": 1}, "template": "json"}
    pushplus.send(Message(type="message", content=content))
    (call,) = sandbox.state.calls("pushplus.send")
    assert call.json == {**content, "token": sandbox.settings["PUSHPLUS_TOKEN"]}
    for message in (
        Message(type="message", content={"content": "x", "token": "other"}),
        Message(type="message", content={"content": "x" * 20_001}),
        Message(type="message", content={"title": "x"}),
    ):
        refused_parts(pushplus.sender, message, "robot")
    error = opened(sandbox, token="not-the-token-of-anybody").refusal(Message(text="x"))
    assert error.code == "refused_settings"
    assert "not-the-token" not in str(error)
