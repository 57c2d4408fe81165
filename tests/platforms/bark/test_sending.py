"""Notifications by Bark: one device and several against the simulated server, and what every code means."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError
from app.core.sending import Message
from app.platforms import discover
from tests.platforms.answering import answer, api
from tests.platforms.bark.sample import SAMPLES
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.sandbox.server import SandboxServer

SECOND, LOST = "sandboxBarkDeviceKey02", "sandboxBarkLostDevice9"


def opened(sandbox: SandboxServer, *keys: str) -> Sending:
    spec = discover()["bark"]
    settings = {
        "device_key": list(keys),
        "api_base": f"{sandbox.url}/bark",
        "group": "ops",
        "level": "active",
    }
    return sending(spec.open("bark", spec.settings.model_validate(settings)))


@pytest.fixture
def bark(sandbox: SandboxServer) -> Sending:
    return opened(sandbox, sandbox.settings["BARK_DEVICE_KEY"])


def test_a_notification_arrives_on_the_phone(sandbox: SandboxServer, bark: Sending) -> None:
    (result,) = bark.send(Message(title="告警", text="**磁盘** 已满"))
    (message,) = sandbox.state.inbox.of("bark")
    assert (message.conversation, message.heading) == ("phone", "告警")
    assert "<strong>磁盘</strong>" in str(message.drawn)
    assert (message.raw["group"], message.raw["level"]) == ("ops", "active")
    assert result.accepted_only


def test_of_several_devices_the_lost_ones_are_told_by_number(sandbox: SandboxServer) -> None:
    first = sandbox.settings["BARK_DEVICE_KEY"]
    (result,) = opened(sandbox, first, LOST, SECOND).send(Message(text="x"))
    assert list(result.not_reached) == ["device 2"]
    assert LOST not in repr(result)
    assert {each.conversation for each in sandbox.state.inbox.of("bark")} == {"phone", "tablet"}
    assert opened(sandbox, LOST, "nobody").refusal(Message(text="x")).code == "refused_settings"


def test_a_wrong_key_is_the_settings_fault_and_stays_secret(sandbox: SandboxServer) -> None:
    for key in ("unknownDeviceKey0001", LOST):
        error = opened(sandbox, key).refusal(Message(text="x"))
        assert error.code == "refused_settings"
        assert key not in str(error)


def test_every_code_has_its_outcome() -> None:
    cases = [
        (answer({"code": 200, "message": "success"}), "sent"),
        (answer({"code": 400, "message": "device key is empty"}, 400), "settings"),
        (answer({"code": 500, "message": "push failed: BadDeviceToken"}, 500), "settings"),
        (answer({"code": 500, "message": "push failed: http2: timeout"}, 500), "busy"),
        (answer({"code": 413, "message": "PayloadTooLarge"}, 413), "content"),
        (answer({"code": 418, "message": "x"}, 418), "content"),
        (answer(b"<html>", 404), "settings"),
        (answer(b"<html>", 502), "busy"),
        (answer(b"<html>"), "unknown"),
        (answer({"message": "x"}), "unknown"),
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


def test_what_apple_would_not_take_is_split_or_refused(sandbox: SandboxServer, bark: Sending) -> None:
    assert (
        len(bark.send(Message(title="日志", text="一行日志。\n\n" * 400)))
        == len(sandbox.state.inbox.of("bark"))
        > 1
    )
    for message in (
        Message(type="push", content={"body": "x" * 4000}),
        Message(type="push", content={"body": "x", "device_key": "other"}),
        Message(type="push", content={"sound": "bell"}),
    ):
        refused_parts(bark.sender, message, "robot")
