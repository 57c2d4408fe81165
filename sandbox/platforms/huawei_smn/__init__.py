"""Simulated Huawei Cloud SMN: messages of a topic, and the confirmations of its subscription."""

from __future__ import annotations

from sandbox.platforms.huawei_smn import api
from sandbox.platforms.huawei_smn.firing import CALLBACKS
from sandbox.simulated import Address, Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="huawei-smn",
    title=Words("Huawei Cloud SMN", "华为云消息通知服务"),
    place=83,
    credentials=(
        Credential("HUAWEI_SMN_TOPIC_URN", "urn:smn:cn-north-4:5a4db0c0ffee40008000000000000001:sandbox"),
    ),
    addresses=(Address("HUAWEI_SMN_CERT_BASE", "/huawei_smn/"),),
    channel=SampleChannel(
        "huawei-smn",
        "Huawei Cloud SMN",
        {
            "topic_urns": "${HUAWEI_SMN_TOPIC_URN}",
            "cert_url_prefixes": "${HUAWEI_SMN_CERT_BASE:-https://smn.<region>.myhuaweicloud.com/}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
)
