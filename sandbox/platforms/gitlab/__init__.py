"""Simulated GitLab: webhooks with both proofs, login with and without OpenID Connect, the signed-in person, revocation."""

from __future__ import annotations

from sandbox.platforms.gitlab import api, credentials, people
from sandbox.platforms.gitlab.firing import CALLBACKS
from sandbox.simulated import Login, Look, Preset, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="gitlab",
    title=Words("GitLab", "GitLab"),
    place=36,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    refusal=api.refusal,
    callbacks=CALLBACKS,
    login=Login(Words("An application, with PKCE and an ID token", "应用登录，使用 PKCE 和 ID Token")),
    look=Look("#b5432a", dark_accent="#ff9b7a", on_dark_accent="#2a120b"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    switches=api.SWITCHES,
    presets=(
        Preset(
            "bad_code",
            "gitlab.token",
            "json",
            1,
            {
                "status": 400,
                "json": {"error": "invalid_grant", "error_description": api.ERRORS["invalid_grant"]},
            },
            Words("The next code is refused", "下一个授权码被拒绝"),
        ),
    ),
)
