"""Simulated WeChat: web and website login, Mini Program login, the official account's API, its messages and its chat."""

from __future__ import annotations

from sandbox.people import PEOPLE
from sandbox.platforms.wechat import account, api, credentials, js_tickets, media, messages, mini, people
from sandbox.platforms.wechat.chat import CHAT
from sandbox.platforms.wechat.firing import CALLBACKS
from sandbox.simulated import Login, Look, Simulated
from sandbox.words import Words

EXTRA_ROUTES = (account, js_tickets, media, messages)
"""Add routes to the blueprint of `api`; naming them here keeps them imported."""

SIMULATED = Simulated(
    slug="wechat",
    title=Words("WeChat", "微信"),
    place=20,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    controls=(mini.controls,),
    callbacks=CALLBACKS,
    login=Login(Words("As in the WeChat browser", "模拟微信内置浏览器")),
    chat=CHAT,
    look=Look("#18794b", dark_accent="#5cc596", on_dark_accent="#0e2018"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    switches=(api.SNAPSHOT,),
    expired=api.EXPIRED_ANSWERS,
    first_message=f'wechat --to open_id:{people.open_id(PEOPLE[0], credentials.APP_ID)} --text "Hello"',
)
