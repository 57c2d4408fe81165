"""Notifications by ntfy: against the simulated server, and what every number means."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError
from app.core.sending import Message
from app.platforms import discover
from app.platforms.ntfy.sending import FAULTS
from tests.platforms.answering import answer, api
from tests.platforms.ntfy.sample import SAMPLES
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.sandbox.server import SandboxServer


def opened(sandbox: SandboxServer, **keys: object) -> Sending:
    own = sandbox.settings
    usual = {"topic": own["NTFY_TOPIC"], "token": own["NTFY_TOKEN"], "api_base": f"{sandbox.url}/ntfy"}
    spec = discover()["ntfy"]
    return sending(spec.open("ntfy", spec.settings.model_validate({**usual, **keys})))


@pytest.fixture
def ntfy(sandbox: SandboxServer) -> Sending:
    return opened(sandbox)


def test_a_notification_arrives_as_markdown_with_its_priority_and_tags(sandbox: SandboxServer) -> None:
    ntfy = opened(sandbox, priority=4, tags=["warning"])
    (result,) = ntfy.send(Message(title="Alert", text="**Disk** is full"))
    (message,) = sandbox.state.inbox.of("ntfy")
    assert (message.heading, message.id) == ("Alert", result.message_id)
    assert "<strong>Disk</strong>" in str(message.drawn)
    assert (message.raw["priority"], message.raw["tags"]) == (4, ["warning"])


def test_name_and_password_prove_as_a_token_does(sandbox: SandboxServer) -> None:
    keys = {"token": "", "username": "ops", "password": "sandbox-ntfy-password"}
    opened(sandbox, **keys).send(Message(text="x"))
    assert (
        opened(sandbox, **{**keys, "password": "wrong"}).refusal(Message(text="x")).code == "refused_settings"
    )


def test_a_long_text_is_split_and_never_becomes_a_file(sandbox: SandboxServer, ntfy: Sending) -> None:
    results = ntfy.send(Message(title="日志", text="一行日志。\n\n" * 500))
    messages = sandbox.state.inbox.of("ntfy")
    assert len(results) == len(messages) > 1
    assert {each.kind for each in messages} == {"message"}


def test_every_number_has_its_outcome() -> None:
    cases = [
        (answer({"code": int(code), "http": 400}, 507 if code == "50701" else 400), fault.at_fault)
        for code, fault in FAULTS.items()
        if len(code) > 3
    ]
    cases += [
        (answer({"id": "abc"}), "sent"),
        (answer({"event": "message"}), "content"),
        (answer({"code": 42901}, 429), "wait"),
        (answer({"code": 42908}, 429), "wait"),
        (answer({"code": 49999}, 400), "content"),
        (answer(b"<html>", 404), "settings"),
        (answer(b"<html>"), "unknown"),
        (answer(b"", 503), "busy"),
    ]
    for given, expected in cases:
        assert ended(given) == expected, given.body


def ended(given: object) -> str:
    try:
        sending(SAMPLES[0].open(), api(given)).send(Message(text="x"))
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_a_bucket_that_is_empty_is_waited_for(sandbox: SandboxServer, ntfy: Sending) -> None:
    sandbox.state.shelf("ntfy.bucket").update(left=0.5, at=sandbox.state.now())
    assert ntfy.refusal(Message(text="x")).code == "quota_reached"


def test_another_topic_is_the_settings_fault_and_stays_secret(sandbox: SandboxServer) -> None:
    error = opened(sandbox, topic="somebody-elses-topic").refusal(Message(text="x"))
    assert error.code == "refused_settings"
    assert "somebody" not in str(error)


def test_native_content_passes_unchanged_and_odd_shapes_are_refused(
    sandbox: SandboxServer, ntfy: Sending
) -> None:
    content = {"message": "x", "click": "https://ops.example", "actions": [{"action": "view"}]}
    ntfy.send(Message(type="message", content=content))
    (call,) = sandbox.state.calls("ntfy.publish")
    assert call.json == {**content, "topic": sandbox.settings["NTFY_TOPIC"]}
    for message in (
        Message(type="message", content={**content, "topic": "other"}),
        Message(type="message", content={}),
        Message(type="alert", content=content),
        Message(),
    ):
        refused_parts(ntfy.sender, message, "robot")
