"""Notifications by Gotify: against the simulated server, and what every status means."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError
from app.core.sending import Message
from app.platforms import discover
from tests.platforms.answering import answer, api
from tests.platforms.gotify.sample import SAMPLES
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.sandbox.server import SandboxServer


def opened(sandbox: SandboxServer, **keys: object) -> Sending:
    usual = {"app_token": sandbox.settings["GOTIFY_APP_TOKEN"], "api_base": f"{sandbox.url}/gotify"}
    spec = discover()["gotify"]
    return sending(spec.open("gotify", spec.settings.model_validate({**usual, **keys})))


@pytest.fixture
def gotify(sandbox: SandboxServer) -> Sending:
    return opened(sandbox, priority=7)


def test_a_notification_arrives_as_markdown(sandbox: SandboxServer, gotify: Sending) -> None:
    (result,) = gotify.send(Message(title="Alert", text="**Disk** is full"))
    (message,) = sandbox.state.inbox.of("gotify")
    assert (message.heading, message.id, message.raw["priority"]) == ("Alert", result.message_id, 7)
    assert "<strong>Disk</strong>" in str(message.drawn)
    assert not result.accepted_only


def test_a_wrong_token_and_a_clients_are_the_settings_fault(sandbox: SandboxServer) -> None:
    for token in ("Anot.the.token", "Csandbox.client"):
        error = opened(sandbox, app_token=token).refusal(Message(text="x"))
        assert error.code == "refused_settings"
        assert token not in str(error)


def test_every_status_has_its_outcome() -> None:
    body = {"error": "x", "errorCode": 400, "errorDescription": "x"}
    cases = [
        (answer({"id": 5, "appid": 1}), "sent"), (answer(body, 400), "content"), (answer(body, 401), "settings"),
        (answer(body, 403), "settings"), (answer(b"<html>", 404), "settings"), (answer(b"", 413), "content"),
        (answer(body, 418), "content"), (answer(b"<html>"), "unknown"), (answer({"appid": 1}), "unknown"),
        (answer(body, 500), "busy"), (answer(b"", 429), "wait"), (answer(b"", 504), "unclear"),
    ]  # fmt: skip
    for given, expected in cases:
        assert ended(given) == expected, (given.status, given.body)


def ended(given: object) -> str:
    try:
        sending(SAMPLES[0].open(), api(given)).send(Message(text="x"))
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_native_content_passes_unchanged_and_odd_shapes_are_refused(
    sandbox: SandboxServer, gotify: Sending
) -> None:
    content = {
        "message": "x",
        "priority": 2,
        "extras": {"client::notification": {"click": {"url": "https://a"}}},
    }
    gotify.send(Message(type="message", content=content))
    (call,) = sandbox.state.calls("gotify.message")
    assert (call.json, "token" in call.query) == (content, False)
    for message in (
        Message(type="message", content={"title": "x"}),
        Message(type="message", content={"message": "x" * 70_000}),
        Message(type="text", content=content),
    ):
        refused_parts(gotify.sender, message, "robot")
