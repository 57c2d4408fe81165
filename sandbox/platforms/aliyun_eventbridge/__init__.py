"""Simulated Aliyun EventBridge: events pushed to an HTTP target, signed in version 2 or 1."""

from __future__ import annotations

from sandbox.platforms.aliyun_eventbridge import api
from sandbox.platforms.aliyun_eventbridge.firing import CALLBACKS
from sandbox.simulated import Address, Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="aliyun-eventbridge",
    title=Words("Alibaba Cloud EventBridge", "阿里云事件总线"),
    place=80,
    credentials=(
        Credential("ALIYUN_EVENTBRIDGE_TARGET_URL", "https://gateway.example/webhooks/aliyun-eventbridge"),
        Credential("ALIYUN_EVENTBRIDGE_TOKEN", "sandbox-eventbridge-token"),
    ),
    addresses=(
        Address("ALIYUN_EVENTBRIDGE_CERT_BASE", f"/aliyun_eventbridge/{api.FILE.removesuffix('.pem')}"),
    ),
    channel=SampleChannel(
        "aliyun-eventbridge",
        "Alibaba Cloud EventBridge",
        {
            "target_url": "${ALIYUN_EVENTBRIDGE_TARGET_URL}",
            "token": "${ALIYUN_EVENTBRIDGE_TOKEN}",
            "cert_url_prefixes": "${ALIYUN_EVENTBRIDGE_CERT_BASE:-https://<region>-eventbridge.oss-accelerate.aliyuncs.com/x509_public_certificate}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
)
