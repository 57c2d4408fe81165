"""Simulated ntfy: a server with one protected topic."""

from __future__ import annotations

from sandbox.platforms.ntfy import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="ntfy",
    title=Words("ntfy", "ntfy"),
    place=94,
    credentials=(
        Credential("NTFY_TOPIC", "sandbox-alerts-5a4db0c0ffee"),
        Credential("NTFY_TOKEN", "tk_sandbox0000ntfy0000token00000"),
    ),
    addresses=(Address("NTFY_API_BASE", "/ntfy"),),
    channel=SampleChannel(
        "ntfy",
        "ntfy",
        {
            "topic": "${NTFY_TOPIC}",
            "token": "${NTFY_TOKEN}",
            "api_base": "${NTFY_API_BASE:-https://ntfy.sh}",
        },
    ),
    blueprint=api.blueprint,
    look=Look("#2a7d5f", dark_accent="#77d1b0", on_dark_accent="#0d271e"),
    first_message='ntfy --text "Hello"',
)
