"""Simulated DingTalk: login page, the script inside its app, user and app tokens, encrypted events, robot messages, what it is told to deliver."""

from __future__ import annotations

from sandbox.platforms.dingtalk import api, credentials, in_app, js_tickets, media, messages, people
from sandbox.platforms.dingtalk.firing import CALLBACKS
from sandbox.simulated import Login, Look, Simulated
from sandbox.words import Words

EXTRA_ROUTES = (js_tickets, media)
"""Add routes to the blueprint of `api`; naming them here keeps them imported."""

SIMULATED = Simulated(
    slug="dingtalk",
    title=Words("DingTalk", "钉钉"),
    place=22,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    login=Login(Words("Scan, then agree or refuse", "扫码后同意或拒绝")),
    look=Look("#0a63d1", dark_accent="#8bbcff", on_dark_accent="#0c1a2e"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    switches=(*api.SWITCHES, *in_app.SWITCHES),
    presets=messages.PRESETS,
    first_message='dingtalk --text "Hello"',
)
