"""Simulated Discord: the webhook of one channel. Its callbacks are fired from the description of the source."""

from __future__ import annotations

from sandbox.platforms.discord import api
from sandbox.simulated import Address, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="discord",
    title=Words("Discord", "Discord"),
    place=91,
    credentials=(),
    addresses=(Address("DISCORD_ROBOT_HOOK", api.HOOK),),
    channel=SampleChannel("discord", "Discord", {"robot_hook": "${DISCORD_ROBOT_HOOK}"}),
    blueprint=api.blueprint,
    look=Look("#4752c4", dark_accent="#a5adff", on_dark_accent="#12163f"),
    first_message='discord --text "Hello"',
)
