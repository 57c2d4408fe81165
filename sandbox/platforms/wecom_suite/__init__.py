"""Simulated WeCom for a suite of a service provider: tickets, authorisations, and what happens in one company."""

from __future__ import annotations

from sandbox.platforms.wecom_suite import api, credentials
from sandbox.platforms.wecom_suite.firing import CALLBACKS
from sandbox.simulated import Look, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="wecom-suite",
    title=Words("WeCom suite", "企业微信第三方应用"),
    place=46,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    look=Look("#2a5da8", dark_accent="#8ab0f0", on_dark_accent="#0d1a30"),
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    switches=(api.CUSTOMISED,),
)
