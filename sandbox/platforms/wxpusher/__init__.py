"""Simulated WxPusher: one application that the fictional people follow."""

from __future__ import annotations

from sandbox.platforms.wxpusher import api
from sandbox.simulated import Address, Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="wxpusher",
    title=Words("WxPusher", "WxPusher 微信推送"),
    place=98,
    credentials=(
        Credential("WXPUSHER_APP_TOKEN", "AT_sandboxWxpusherAppToken00000001"),
        Credential("WXPUSHER_UID", "UID_sandbox10001"),
    ),
    addresses=(Address("WXPUSHER_API_BASE", "/wxpusher"),),
    channel=SampleChannel(
        "wxpusher",
        "WxPusher",
        {
            "app_token": "${WXPUSHER_APP_TOKEN}",
            "uids": "${WXPUSHER_UID}",
            "api_base": "${WXPUSHER_API_BASE:-https://wxpusher.zjiecode.com}",
        },
    ),
    blueprint=api.blueprint,
    look=Look("#1c6b8f", dark_accent="#86c9e8", on_dark_accent="#0a2432"),
    identities=api.identities,
    first_message='wxpusher --text "Hello"',
)
