"""Simulated OAuth2 and OpenID provider: login in two steps, balance, top-up, revocation; beside it every login that is described by data.

It sends nothing by itself.
"""

from __future__ import annotations

from sandbox.platforms.oauth2 import api, credentials, described_api, openid, people
from sandbox.simulated import Login, Look, Preset, Simulated
from sandbox.words import Words

PRESETS = (
    Preset(
        "expired",
        "oauth2.userinfo",
        "expire_token",
        1,
        {},
        Words("The access token has expired, once", "访问令牌已过期（一次）"),
    ),
    Preset(
        "lost",
        "oauth2.token",
        "lost_answer",
        1,
        {},
        Words("The next token answer is lost on the wire", "下一次令牌响应在途中丢失"),
    ),
    Preset(
        "html",
        "oauth2.*",
        "raw",
        1,
        {"body": "<html>502 Bad Gateway</html>", "content_type": "text/html"},
        Words("The next answer is HTML instead of JSON", "下一次响应是 HTML 而不是 JSON"),
    ),
)

SIMULATED = Simulated(
    slug="oauth2",
    title=Words("OAuth2", "OAuth2"),
    named=Words("an OAuth2 provider", "OAuth2 服务"),
    place=30,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    login=Login(
        Words("With balance and top-up", "含余额与充值"), channel=lambda settings: settings["OAUTH2_CHANNEL"]
    ),
    look=Look("#7a4f9a", dark_accent="#c5a0e2", on_dark_accent="#231430"),
    identities=people.identities,
    lifetimes=api.LIFETIMES,
    expired=api.EXPIRED_ANSWERS,
    switches=openid.SWITCHES + described_api.SWITCHES,
    presets=PRESETS,
)
