"""Simulated Aliyun MNS: messages of a topic, pushed in any of three formats."""

from __future__ import annotations

from sandbox.platforms.aliyun_mns import api
from sandbox.platforms.aliyun_mns.firing import CALLBACKS
from sandbox.simulated import Address, Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="aliyun-mns",
    title=Words("Alibaba Cloud MNS", "阿里云轻量消息队列"),
    place=81,
    credentials=(
        Credential("ALIYUN_MNS_TOPIC_OWNER", "1500000000000109"),
        Credential("ALIYUN_MNS_TOPIC_NAME", "sandbox-topic"),
    ),
    addresses=(Address("ALIYUN_MNS_CERT_BASE", "/aliyun_mns/"),),
    channel=SampleChannel(
        "aliyun-mns",
        "Alibaba Cloud MNS",
        {
            "topic_owner": "${ALIYUN_MNS_TOPIC_OWNER}",
            "topic_names": "${ALIYUN_MNS_TOPIC_NAME}",
            "cert_url_prefixes": "${ALIYUN_MNS_CERT_BASE:-https://mns-cert.oss-cn-<region>.aliyuncs.com/}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
)
