"""Simulated Amazon SNS: signed messages of a topic, the certificate that signs them, and the confirmation of a subscription."""

from __future__ import annotations

from sandbox.platforms.aws_sns import api
from sandbox.platforms.aws_sns.firing import CALLBACKS
from sandbox.simulated import Address, Credential, Look, Preset, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="aws-sns",
    title=Words("Amazon SNS", "Amazon SNS"),
    place=70,
    credentials=(Credential("AWS_SNS_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:callgate-sandbox"),),
    addresses=(Address("AWS_SNS_BASE", "/aws_sns"),),
    channel=SampleChannel(
        "aws-sns",
        "Amazon SNS",
        {"topic_arns": ["${AWS_SNS_TOPIC_ARN}"], "sns_base": "${AWS_SNS_BASE:-}"},
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    look=Look("#a8410f", dark_accent="#f0a06c", on_dark_accent="#301505"),
    presets=(
        Preset(
            "certificate",
            "aws_sns.certificate",
            "status",
            1,
            {"status": 500},
            Words("The next download of the certificate is an error 500", "下一次下载签名证书返回 500"),
        ),
    ),
)
