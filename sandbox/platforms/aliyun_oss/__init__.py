"""Simulated Aliyun OSS: callbacks after an upload, as a form or as JSON."""

from __future__ import annotations

from sandbox.platforms.aliyun_oss import api
from sandbox.platforms.aliyun_oss.firing import CALLBACKS
from sandbox.simulated import Address, Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="aliyun-oss",
    title=Words("Alibaba Cloud OSS", "阿里云对象存储"),
    place=82,
    credentials=(
        Credential("ALIYUN_OSS_CALLBACK_TOKEN", "sandbox-oss-callback-token"),
        Credential("ALIYUN_OSS_BUCKET", "sandbox-bucket"),
    ),
    addresses=(Address("ALIYUN_OSS_KEY_BASE", "/aliyun_oss/"),),
    channel=SampleChannel(
        "aliyun-oss",
        "Alibaba Cloud OSS",
        {
            "token": "${ALIYUN_OSS_CALLBACK_TOKEN}",
            "buckets": "${ALIYUN_OSS_BUCKET}",
            "key_url_prefixes": "${ALIYUN_OSS_KEY_BASE:-https://gosspublic.alicdn.com/}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
)
