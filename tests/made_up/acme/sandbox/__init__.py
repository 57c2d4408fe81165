"""Simulated Acme: login, app token, messages into a chat, and signed events."""

from __future__ import annotations

from sandbox.platforms.acme import api, credentials, messages, people
from sandbox.platforms.acme.firing import CALLBACKS
from sandbox.simulated import Login, Look, Preset, Simulated
from sandbox.words import Words

EXTRA_ROUTES = (messages,)
"""Adds routes to the blueprint of `api`; naming it here keeps it imported."""

SIMULATED = Simulated(
    slug="acme",
    title=Words("Acme", "艾克米"),
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    login=Login(Words("Everything from one made-up shop", "一家虚构商店的一切")),
    chat=messages.CHAT,
    look=Look("#8a4b12", dark_accent="#e5b07a", on_dark_accent="#2a1806"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    presets=(
        Preset(
            "gone",
            "acme.me",
            "expire_token",
            1,
            {},
            Words("Acme's access token has expired, once", "艾克米令牌已过期（一次）"),
        ),
    ),
    first_message="acme --to user_id:acme-10004 --text Hello",
)
