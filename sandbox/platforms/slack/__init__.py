"""Simulated Slack: an incoming webhook and chat.postMessage. Its callbacks are fired from the description of the source."""

from __future__ import annotations

from sandbox.platforms.slack import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="slack",
    title=Words("Slack", "Slack"),
    place=90,
    credentials=(
        Credential("SLACK_SIGNING_SECRET", "sandbox-source-secret-0123456789"),
        Credential("SLACK_BOT_TOKEN", "xoxb-sandbox-000000000001-slack"),
    ),
    addresses=(Address("SLACK_ROBOT_HOOK", api.HOOK), Address("SLACK_API_BASE", "/slack/api")),
    channel=SampleChannel(
        "slack",
        "Slack",
        {
            "secret": "${SLACK_SIGNING_SECRET}",
            "robot_hook": "${SLACK_ROBOT_HOOK}",
            "bot_token": "${SLACK_BOT_TOKEN}",
            "api_base": "${SLACK_API_BASE:-https://slack.com/api}",
        },
    ),
    blueprint=api.blueprint,
    look=Look("#611f69", dark_accent="#d9a3e0", on_dark_accent="#2a0e2e"),
    first_message='slack --text "Hello"',
)
