"""Simulated Gotify: a server with one application."""

from __future__ import annotations

from sandbox.platforms.gotify import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="gotify",
    title=Words("Gotify", "Gotify"),
    place=99,
    credentials=(Credential("GOTIFY_APP_TOKEN", "Asandbox.gotify"),),
    addresses=(Address("GOTIFY_API_BASE", "/gotify"),),
    channel=SampleChannel(
        "gotify",
        "Gotify",
        {"app_token": "${GOTIFY_APP_TOKEN}", "api_base": "${GOTIFY_API_BASE:-https://gotify.example.com}"},
    ),
    blueprint=api.blueprint,
    look=Look("#36648b", dark_accent="#9cc3e6", on_dark_accent="#10202e"),
    first_message='gotify --text "Hello"',
)
