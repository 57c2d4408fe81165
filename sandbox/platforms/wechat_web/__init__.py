"""Simulated WeChat website application; its pages and endpoints are those of the one simulated WeChat."""

from __future__ import annotations

from sandbox.platforms.wechat_web import credentials
from sandbox.simulated import Login, Look, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="wechat-web",
    title=Words("WeChat website login", "微信网站扫码登录"),
    place=21,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    login=Login(Words("By QR code, as on a desktop", "桌面端扫码登录")),
    look=Look("#18794b", dark_accent="#5cc596", on_dark_accent="#0e2018"),
)
