"""Simulated Huawei Account: messages with a token of Huawei's, its configuration and keys."""

from __future__ import annotations

from sandbox.platforms.huawei_account import api
from sandbox.platforms.huawei_account.firing import CALLBACKS
from sandbox.simulated import Address, Credential, Look, Preset, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="huawei-account",
    title=Words("Huawei Account", "华为账号"),
    place=84,
    credentials=(Credential("HUAWEI_ACCOUNT_CLIENT_ID", "100000016"),),
    addresses=(Address("HUAWEI_ACCOUNT_RISC_BASE", "/huawei_account"),),
    channel=SampleChannel(
        "huawei-account",
        "Huawei Account",
        {
            "client_id": "${HUAWEI_ACCOUNT_CLIENT_ID}",
            "risc_base": "${HUAWEI_ACCOUNT_RISC_BASE:-https://risc.cloud.huawei.com}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    look=Look("#b3122f", dark_accent="#f2a3b1", on_dark_accent="#3d0913"),
    presets=(
        Preset(
            "keys",
            "huawei_account.keys",
            "status",
            1,
            {"status": 500},
            Words("The next list of keys is an error 500", "下一次获取公钥列表返回 500"),
        ),
    ),
)
