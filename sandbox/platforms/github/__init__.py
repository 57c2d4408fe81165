"""Simulated GitHub: webhooks in both forms, login, the signed-in person."""

from __future__ import annotations

from sandbox.platforms.github import api, credentials, people
from sandbox.platforms.github.firing import CALLBACKS
from sandbox.simulated import Login, Look, Preset, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="github",
    title=Words("GitHub", "GitHub"),
    place=35,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    refusal=api.refusal,
    callbacks=CALLBACKS,
    login=Login(Words("An OAuth app, with PKCE", "OAuth 应用，使用 PKCE")),
    look=Look("#57606a", dark_accent="#b6c0cb", on_dark_accent="#12161b"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    switches=api.SWITCHES,
    presets=(
        Preset(
            "bad_code",
            "github.token",
            "json",
            1,
            {
                "json": {
                    "error": "bad_verification_code",
                    "error_description": api.ERRORS["bad_verification_code"],
                }
            },
            Words("The next code is refused, with status 200", "下一个授权码被拒绝（状态码 200）"),
        ),
    ),
)
