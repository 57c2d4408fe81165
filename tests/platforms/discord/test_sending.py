"""Messages to Discord by a webhook: against the simulated platform, and what every code means."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError
from app.core.sending import Message, QuotaReached, Sender
from app.platforms import discover
from app.platforms.discord.sending import FAULTS
from tests.platforms.answering import answer, api
from tests.platforms.discord.sample import SETTINGS
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.sandbox.server import SandboxServer

MAYA = "123456789012345678"


def opened(robot_hook: str) -> object:
    spec = discover()["discord"]
    return spec.open("discord", spec.settings.model_validate({**SETTINGS, "robot_hook": robot_hook}))


@pytest.fixture
def discord(sandbox: SandboxServer) -> Sending:
    token = "sandbox0discord0webhook0token000000000000000000000000000000000000001"
    return sending(opened(f"{sandbox.url}/discord/api/webhooks/1234560123453231556/{token}"))


def test_a_message_is_drawn_and_tells_only_whom_it_lists(sandbox: SandboxServer, discord: Sending) -> None:
    text = "**Disk** is full <@999999999999999999> @everyone\n\n- one\n- two"
    (result,) = discord.send(Message(title="Alert", text=text, mentions=(MAYA,)))
    (message,) = sandbox.state.inbox.of("discord")
    assert message.id == result.message_id
    assert message.mentions == (MAYA,)
    assert "<strong>Disk</strong>" in str(message.drawn)
    assert "<li>one</li>" in str(message.drawn)


def test_everybody_is_told_only_when_the_message_says_so(sandbox: SandboxServer, discord: Sending) -> None:
    discord.send(Message(text="quiet @everyone"))
    discord.send(Message(text="loud", mentions=("@all",)))
    assert [each.mentions for each in sandbox.state.inbox.of("discord")] == [(), ("everyone",)]


def test_native_content_passes_unchanged(sandbox: SandboxServer, discord: Sending) -> None:
    content = {
        "username": "ops",
        "embeds": [{"title": "Disk", "fields": [{"name": "host", "value": "db-1"}]}],
    }
    discord.send(Message(type="message", content=content))
    (call,) = sandbox.state.calls("discord.webhook")
    assert (call.json, call.query) == (content, {"wait": "true"})
    (message,) = sandbox.state.inbox.of("discord")
    assert (message.heading, message.fields) == ("Disk", (("host", "db-1"),))


def test_every_code_has_its_outcome() -> None:
    told = {int(code): fault.at_fault for code, fault in FAULTS.items() if len(code) > 3}
    cases = [(answer({"code": code, "message": "x"}, 400), fault) for code, fault in told.items()]
    cases += [
        (answer({"id": "1"}), "sent"),
        (answer(b"", 204), "sent"),
        (answer({"message": "404: Not Found", "code": 0}, 404), "settings"),
        (answer({"code": 99999}, 400), "content"),
        (answer(b"<html>", 403), "settings"),
        (answer(b"<html>", 418), "content"),
        (answer(b"<html>", 200), "unknown"),
        (answer({}, 502), "busy"),
    ]
    for given, expected in cases:
        assert ended(given) == expected, given.body


def ended(given: object) -> str:
    try:
        sending(opened("https://discord.example/api/webhooks/1/t"), api(given)).send(Message(text="x"))
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_the_wait_of_a_full_bucket_is_read_from_its_body() -> None:
    for said, expected in ((1.2, 2), (0.01, 1), (1e12, 3600), ("soon", 60), (None, 60)):
        given = answer({"message": "You are being rate limited.", "retry_after": said, "global": False}, 429)
        error = sending(opened("https://discord.example/api/webhooks/1/t"), api(given)).refusal(
            Message(text="x")
        )
        assert isinstance(error, QuotaReached)
        assert error.retry_after == expected


def test_a_webhook_that_is_gone_is_the_settings_fault_and_stays_secret(sandbox: SandboxServer) -> None:
    for path in ("1/x", "1234560123453231556/not-the-secret-token"):
        error = sending(opened(f"{sandbox.url}/discord/api/webhooks/{path}")).refusal(Message(text="x"))
        assert error.code == "refused_settings"
        assert "not-the-secret" not in str(error)


def test_long_texts_are_split_and_odd_shapes_refused(discord: Sending) -> None:
    parts = discord.sender.parts(Message(text="一二三四。" * 1500, mentions=(MAYA,)), "robot")
    assert len(parts) > 1
    assert all(len(part.body["content"]) <= 2000 for part in parts)
    for message in (
        Message(type="message", content={"content": "x" * 2001}),
        Message(
            type="message", content={"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}
        ),
        Message(type="message", content={"embeds": ["x"]}),
        Message(type="message", content={"embeds": [{}] * 11}),
        Message(text="x", mentions=("maya",)),
    ):
        refused_parts(discord.sender, message, "robot")


def test_without_a_webhook_a_channel_sends_nothing() -> None:
    assert not isinstance(opened(""), Sender)
