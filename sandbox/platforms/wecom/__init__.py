"""Simulated WeCom: login inside the app and by QR code, app token, members, messages, and encrypted callbacks."""

from __future__ import annotations

from sandbox.platforms.wecom import api, credentials, js_tickets, media, messages, people
from sandbox.platforms.wecom.firing import CALLBACKS
from sandbox.simulated import Login, Look, Simulated
from sandbox.words import Words

EXTRA_ROUTES = (js_tickets, media)
"""Add routes to the blueprint of `api`; naming them here keeps them imported."""

SIMULATED = Simulated(
    slug="wecom",
    title=Words("WeCom", "企业微信"),
    place=25,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    login=Login(Words("By QR code, as on a desktop", "桌面端扫码登录")),
    look=Look("#2a62b8", dark_accent="#86b2f5", on_dark_accent="#0d1c33"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    switches=(api.OUTSIDER,),
    expired=api.EXPIRED_ANSWERS,
    presets=messages.PRESETS,
    first_message='wecom --text "Hello"',
)
