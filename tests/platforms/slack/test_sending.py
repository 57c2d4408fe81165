"""Messages to Slack: the incoming webhook and the bot against the simulated platform, and what every word means."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from app.core.errors import UpstreamError
from app.core.ports import WebhookSource
from app.core.sending import Message, Recipient, Sender
from app.platforms import Platforms, discover
from app.platforms.slack.sending import FAULTS
from sandbox.inbox import Delivered
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.slack.sample import SETTINGS
from tests.sandbox.server import SandboxServer

ROBOT, OPS, MAYA = Recipient("robot"), Recipient("chat_id", "C0SANDBOX1"), Recipient("user_id", "U0SANDBOX4")


@pytest.fixture
def slack(sandbox: SandboxServer) -> Sending:
    keys = {
        "robot_hook": f"{sandbox.url}/slack/services/T061EG9R6/B0SANDBOX1/sandbox0slack0hook0key01",
        "bot_token": sandbox.settings["SLACK_BOT_TOKEN"],
        "api_base": f"{sandbox.url}/slack/api",
    }
    spec = discover()["slack"]
    connector = spec.open("slack", spec.settings.model_validate(keys))
    return sending(connector)


def delivered(sandbox: SandboxServer) -> list[Delivered]:
    return sandbox.state.inbox.of("slack")


def test_a_webhooks_message_is_drawn_as_slack_shows_it(sandbox: SandboxServer, slack: Sending) -> None:
    text = "**Disk** is ~~fine~~ full, see [the page](https://ops.example/a?b=1&c=2) <script>"
    (result,) = slack.send(Message(title="Alert", text=text, mentions=("U061F7AUR", "@all")), ROBOT)
    (message,) = delivered(sandbox)
    assert message.conversation == "channel:C0SANDBOX1"
    assert message.mentions == ("U061F7AUR", "channel")
    shown = str(message.drawn)
    assert "<strong>Disk</strong> is <s>fine</s> full" in shown
    assert '<a href="https://ops.example/a?b=1&amp;c=2" rel="noreferrer">the page</a>' in shown
    assert "<script>" not in shown
    assert "Alert" in message.text
    assert (result.message_id, result.accepted_only) == (None, False)


def test_the_bot_writes_to_channels_and_people_and_gets_an_id(sandbox: SandboxServer, slack: Sending) -> None:
    for to, conversation in ((OPS, "channel:C0SANDBOX1"), (MAYA, "user:U0SANDBOX4")):
        (result,) = slack.send(Message(text="Hello"), to)
        message = delivered(sandbox)[-1]
        assert (message.conversation, message.id) == (conversation, result.message_id)


def test_bodies_are_what_slacks_own_library_sends(sandbox: SandboxServer, slack: Sending) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Disk*"}}]
    content = {"text": "Disk", "blocks": blocks, "unfurl_links": False}
    slack.send(Message(type="message", content=content), ROBOT)
    slack.send(Message(type="message", content=content), OPS)
    keys = slack.connector.settings
    hook = WebhookClient(keys.robot_hook.get_secret_value()).send(
        text="Disk", blocks=blocks, unfurl_links=False
    )
    client = WebClient(keys.bot_token.get_secret_value(), base_url=f"{keys.api_base}/")
    posted = client.chat_postMessage(channel=OPS.value, text="Disk", blocks=blocks, unfurl_links=False)
    assert (hook.body, posted["ok"]) == ("ok", True)
    hooks, posts = (sandbox.state.calls(f"slack.{name}") for name in ("hook", "post_message"))
    assert hooks[0].json == hooks[1].json
    assert posts[0].json == posts[1].json
    assert posts[0].headers["Authorization"] == posts[1].headers["Authorization"]


def test_what_the_simulated_slack_refuses_has_its_sentence(sandbox: SandboxServer, slack: Sending) -> None:
    for channel, fault in (
        ("C0UNKNOWN1", "recipient"), ("C0ARCHIVE1", "recipient"), ("C0PRIVATE1", "recipient"), ("C0ADMINS01", "settings"),
    ):  # fmt: skip
        error = slack.refusal(Message(text="x"), Recipient("chat_id", channel))
        assert isinstance(error, UpstreamError)
        assert outcome_of(error) == fault, channel
    sandbox.state.faults.add("slack.hook", "status", 1, status=404, body="no_service")
    error = slack.refusal(Message(text="x"), ROBOT)
    assert error.code == "refused_settings"
    assert "sandbox0slack0hook" not in str(error)


def test_every_word_has_its_outcome() -> None:
    webhook = {
        (b"ok", 200): "sent", (b"no_text", 400): "content", (b"invalid_token", 403): "settings",
        (b"channel_is_archived", 410): "recipient", (b"rollup_error", 500): "busy", (b"who knows", 400): "content",
        (b"<html>", 200): "unknown", (b"", 429): "wait", (b"", 504): "unclear",
    }  # fmt: skip
    web = {
        (("error", word), 200): fault.at_fault for word, fault in FAULTS.items()
    } | {
        (("ok", True), 200): "sent", (("error", "ratelimited"), 200): "wait", (("error", "fatal_error"), 200): "busy",
        (("error", "brand_new"), 200): "content", (("nothing", ""), 200): "unknown", (("x", ""), 429): "wait",
    }  # fmt: skip
    for (body, status), expected in webhook.items():
        assert ended(answer(body, status), ROBOT) == expected, body
    for ((name, value), status), expected in web.items():
        content = {"ok": False, name: value} if name != "nothing" else {}
        assert ended(answer(content, status), OPS) == expected, value


def ended(given: object, to: Recipient) -> str:
    spec = discover()["slack"]
    connector = spec.open("slack", spec.settings.model_validate(SETTINGS))
    try:
        sending(connector, api(given)).send(Message(text="x"), to)
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_long_texts_are_split_and_only_the_first_part_mentions(slack: Sending) -> None:
    parts = slack.sender.parts(Message(title="日志", text="第一行。" * 2400, mentions=("@all",)), "robot")
    assert len(parts) > 1
    assert all(len(part.body["text"]) <= 4000 for part in parts)
    assert ["<!channel>" in part.body["text"] for part in parts] == [True] + [False] * (len(parts) - 1)


def test_what_slack_would_refuse_for_its_shape_is_not_accepted(slack: Sending) -> None:
    for message in (
        Message(type="card", content={"text": "x"}),
        Message(type="message", content={}),
        Message(type="message", content={"text": "x", "channel": "C1"}),
        Message(type="message", content={"text": "x" * 40_001}),
        Message(type="message", content={"blocks": [{}] * 51}),
        Message(type="message", content={"text": 5}),
        Message(text="x", mentions=("Maya",)),
        Message(),
    ):
        assert refused_parts(slack.sender, message, "robot").http_status == 400


def test_one_channel_takes_callbacks_and_sends_with_the_keys_it_has() -> None:
    spec = Platforms(public_base_url="https://gateway.example")["slack"]
    for keys, takes, kinds in (
        ({"secret": "s" * 16}, True, None),
        ({"secret": "s" * 16, "bot_token": "xoxb-1"}, True, ("chat_id", "user_id")),
        ({"robot_hook": SETTINGS["robot_hook"]}, True, ("robot",)),
    ):
        connector = spec.open("slack", spec.settings.model_validate(keys))
        assert isinstance(connector, WebhookSource) is takes
        assert isinstance(connector, Sender) is (kinds is not None)
        assert getattr(connector, "recipient_kinds", None) == kinds
    assert (
        spec.settings.model_validate({"robot_hook": SETTINGS["robot_hook"]}).missing_signature_secret()
        == "secret"
    )
