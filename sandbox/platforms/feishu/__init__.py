"""Simulated Feishu: login, user info, tenant tokens, messages, and signed or encrypted events."""

from __future__ import annotations

from sandbox.platforms.feishu import api, credentials, js_tickets, media, messages, people
from sandbox.platforms.feishu.firing import CALLBACKS
from sandbox.simulated import Login, Look, Simulated
from sandbox.words import Words

EXTRA_ROUTES = (messages, media, js_tickets)
"""Add routes to the blueprint of `api`; naming them here keeps them imported."""

SIMULATED = Simulated(
    slug="feishu",
    title=Words("Feishu", "飞书"),
    place=10,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    refusal=api.refusal,
    callbacks=CALLBACKS,
    login=Login(Words("Choose a person, allow or deny", "选择账号，授权或拒绝")),
    look=Look("#2b5fd9", dark_accent="#8fb0ff", on_dark_accent="#101a33"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    first_message='feishu --text "Hello"',
)
