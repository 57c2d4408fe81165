"""Simulated WeChat Pay, version 3: signed and sealed notifications, and the list of platform certificates."""

from __future__ import annotations

from typing import Any

from sandbox.people import Person
from sandbox.platforms.wechatpay import api, credentials
from sandbox.platforms.wechatpay.firing import CALLBACKS, open_id
from sandbox.settings import SandboxSettings
from sandbox.simulated import Look, Preset, Simulated
from sandbox.words import Words


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"wechatpay_openid": open_id(person)}


SIMULATED = Simulated(
    slug="wechatpay",
    title=Words("WeChat Pay", "微信支付"),
    place=46,
    credentials=credentials.CREDENTIALS,
    addresses=credentials.ADDRESSES,
    channel=credentials.CHANNEL,
    blueprint=api.blueprint,
    controls=(api.controls,),
    refusal=api.refusal,
    callbacks=CALLBACKS,
    look=Look("#07884a", dark_accent="#6fd6a1", on_dark_accent="#06281a"),
    identities=identities,
    switches=api.SWITCHES,
    presets=(
        Preset(
            "certificates",
            "wechatpay.certificates",
            "status",
            1,
            {"status": 500},
            Words("The next list of certificates is an error 500", "下一次下载平台证书返回 500"),
        ),
    ),
)
