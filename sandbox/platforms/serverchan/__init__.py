"""Simulated Server酱: one key of Turbo and one of the third edition."""

from __future__ import annotations

from sandbox.platforms.serverchan import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="serverchan",
    title=Words("Server酱", "Server酱"),
    place=97,
    credentials=(Credential("SERVERCHAN_SEND_KEY", "SCT100001TsandboxServerchanKey0001"),),
    addresses=(Address("SERVERCHAN_API_BASE", "/serverchan"),),
    channel=SampleChannel(
        "serverchan",
        "Server酱",
        {"send_key": "${SERVERCHAN_SEND_KEY}", "api_base": "${SERVERCHAN_API_BASE:-}"},
    ),
    blueprint=api.blueprint,
    look=Look("#a03b6a", dark_accent="#eba3c4", on_dark_accent="#33101f"),
    switches=("serverchan_free",),
    first_message='serverchan --text "Hello"',
)
