"""Simulated Alipay: login page, signed gateway (token, user information), and signed notifications in UTF-8 or GBK."""

from __future__ import annotations

from sandbox.platforms.alipay import api, credentials, people
from sandbox.platforms.alipay.firing import CALLBACKS
from sandbox.simulated import Login, Look, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="alipay",
    title=Words("Alipay", "支付宝"),
    place=24,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    controls=(api.controls,),
    callbacks=CALLBACKS,
    login=Login(Words("Choose a person, agree or go back", "选择账号，同意或返回")),
    look=Look("#1264d8", dark_accent="#8db8ff", on_dark_accent="#0d1a30"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    switches=api.SWITCHES,
)
