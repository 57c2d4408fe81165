"""Simulated Gitee: webhooks in both modes, login, the signed-in person."""

from __future__ import annotations

from sandbox.platforms.gitee import api, credentials, people
from sandbox.platforms.gitee.firing import CALLBACKS
from sandbox.simulated import Login, Look, Preset, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="gitee",
    title=Words("Gitee", "Gitee"),
    place=37,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    refusal=api.refusal,
    callbacks=CALLBACKS,
    login=Login(Words("A third-party application", "第三方应用授权登录")),
    look=Look("#b3261e", dark_accent="#ff9d94", on_dark_accent="#2b0a07"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    switches=api.SWITCHES,
    presets=(
        Preset(
            "bad_code",
            "gitee.token",
            "json",
            1,
            {
                "status": 401,
                "json": {"error": "invalid_grant", "error_description": api.ERRORS["invalid_grant"]},
            },
            Words("The next code is refused", "下一个授权码被拒绝"),
        ),
    ),
)
