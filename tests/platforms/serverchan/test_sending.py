"""Messages by Server酱: both editions against the simulated service, and what every answer means."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.errors import UpstreamError
from app.core.sending import Message
from app.platforms import discover
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.serverchan.sample import SAMPLES
from tests.sandbox.server import SandboxServer

THIRD_EDITION = "sctp1001tsandboxServerchanKey3"


def connector_of(**keys: str) -> object:
    spec = discover()["serverchan"]
    return spec.open("serverchan", spec.settings.model_validate(keys))


def opened(sandbox: SandboxServer, send_key: str = "") -> Sending:
    key = send_key or sandbox.settings["SERVERCHAN_SEND_KEY"]
    return sending(connector_of(send_key=key, api_base=f"{sandbox.url}/serverchan"))


def test_a_message_arrives_by_both_editions(sandbox: SandboxServer) -> None:
    for key in ("", THIRD_EDITION):
        (result,) = opened(sandbox, key).send(Message(title="告警", text="**磁盘** 已满"))
        message = sandbox.state.inbox.of("serverchan")[-1]
        assert (message.heading, message.id) == ("告警", result.message_id)
        assert "<strong>磁盘</strong>" in str(message.drawn)


def test_the_key_says_where_it_is_sent_to_and_the_channel_may_call_only_that() -> None:
    for key, origin in (
        ("SCT1234567TofTheTests", "https://sctapi.ftqq.com"),
        (THIRD_EDITION, "https://1001.push.ft07.com"),
    ):
        connector = connector_of(send_key=key)
        assert connector.origins == {origin}  # type: ignore[attr-defined]
        assert key not in repr(connector)
    with pytest.raises(ValidationError):
        connector_of(send_key="SCT1/../../x")


def test_a_title_that_is_too_long_is_cut_and_stands_whole_in_the_text(sandbox: SandboxServer) -> None:
    title = "数据库主库磁盘空间不足需要立即处理" * 3
    opened(sandbox).send(Message(title=title, text="x"))
    opened(sandbox).send(Message(text="only a text"))
    first, second = sandbox.state.inbox.of("serverchan")
    assert first.heading == title[:31] + "…"
    assert title in first.text
    assert second.heading == "only a text"


def test_a_used_up_day_waits_though_its_code_is_that_of_a_wrong_key(sandbox: SandboxServer) -> None:
    sandbox.state.switches["serverchan_free"] = True
    serverchan = opened(sandbox)
    for _ in range(5):
        serverchan.send(Message(text="x"))
    assert serverchan.refusal(Message(text="x")).code == "quota_reached"
    wrong = opened(sandbox, "SCT1234567TofNobody").refusal(Message(text="x"))
    assert wrong.code == "refused_settings"
    assert "ofNobody" not in str(wrong)


def test_every_code_has_its_outcome() -> None:
    cases = [
        (answer({"code": 0, "data": {"pushid": "1", "readkey": "secret", "errno": 0}}), "sent"),
        (answer({"code": 40001, "message": "[AUTH]错误的Key"}, 400), "settings"),
        (answer({"code": 40001, "message": "[AUTH]超过当天的发送次数限制[5]"}, 400), "wait"),
        (answer({"code": 40002, "message": "x"}, 400), "content"),
        (answer({"code": 41234, "message": "x"}, 400), "content"),
        (answer({"data": {}}), "unknown"),
        (answer(b"<html>"), "unknown"),
        (answer(b"<html>", 404), "settings"),
        (answer(b"", 502), "busy"),
    ]
    for given, expected in cases:
        assert ended(given) == expected, given.body


def ended(given: object) -> str:
    try:
        (result,) = sending(SAMPLES[0].open(), api(given)).send(Message(text="x"))
        assert "secret" not in repr(result)
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_native_content_passes_unchanged_and_odd_shapes_are_refused(sandbox: SandboxServer) -> None:
    content = {"title": "x", "desp": "y", "short": "z", "noip": "1"}
    serverchan = opened(sandbox)
    serverchan.send(Message(type="message", content=content))
    assert sandbox.state.calls("serverchan.turbo")[0].json == content
    for message in (
        Message(type="message", content={"desp": "no title"}),
        Message(type="message", content={"title": "x", "desp": "y" * 50_000}),
    ):
        refused_parts(serverchan.sender, message, "robot")
