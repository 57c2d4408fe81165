"""Simulated PushPlus: one account with one group."""

from __future__ import annotations

from sandbox.platforms.pushplus import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="pushplus",
    title=Words("PushPlus", "PushPlus 推送加"),
    place=96,
    credentials=(Credential("PUSHPLUS_TOKEN", "5a4db0c0ffee5a4db0c0ffee00pushpl"),),
    addresses=(Address("PUSHPLUS_API_BASE", "/pushplus"),),
    channel=SampleChannel(
        "pushplus",
        "PushPlus",
        {"token": "${PUSHPLUS_TOKEN}", "api_base": "${PUSHPLUS_API_BASE:-https://www.pushplus.plus}"},
    ),
    blueprint=api.blueprint,
    look=Look("#8a5a00", dark_accent="#e8c06a", on_dark_accent="#2b1d02"),
    first_message='pushplus --text "Hello"',
)
