"""Simulated Bark: a server with one device."""

from __future__ import annotations

from sandbox.platforms.bark import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="bark",
    title=Words("Bark", "Bark"),
    place=95,
    credentials=(Credential("BARK_DEVICE_KEY", "sandboxBarkDeviceKey01"),),
    addresses=(Address("BARK_API_BASE", "/bark"),),
    channel=SampleChannel(
        "bark",
        "Bark",
        {"device_key": "${BARK_DEVICE_KEY}", "api_base": "${BARK_API_BASE:-https://api.day.app}"},
    ),
    blueprint=api.blueprint,
    look=Look("#b3372f", dark_accent="#f0a29c", on_dark_accent="#330f0c"),
    first_message='bark --text "Hello"',
)
