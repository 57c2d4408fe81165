"""Simulated WeChat Open Platform for a third-party platform: tickets, authorisations, and the messages of one account."""

from __future__ import annotations

from sandbox.people import PEOPLE
from sandbox.platforms.wechat_component import credentials, messages, pages  # noqa: F401 - these add their routes
from sandbox.platforms.wechat_component.api import EXPIRED_ANSWERS, LIFETIMES, blueprint
from sandbox.platforms.wechat_component.authorisations import ACCOUNT
from sandbox.platforms.wechat_component.firing import CALLBACKS
from sandbox.simulated import Look, Simulated
from sandbox.tencent_messages import identifier
from sandbox.words import Words

SIMULATED = Simulated(
    slug="wechat-component",
    title=Words("WeChat third-party platform", "微信第三方平台"),
    place=46,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=blueprint,
    callbacks=CALLBACKS,
    look=Look("#17734f", dark_accent="#5fc79b", on_dark_accent="#0d2018"),
    lifetimes=LIFETIMES,
    expired=EXPIRED_ANSWERS,
    first_message=f'wechat-component --to account:{ACCOUNT}/{identifier(ACCOUNT, PEOPLE[0].key)} --text "Hello"',
)
