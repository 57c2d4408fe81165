"""Simulated PayPal: signed webhooks of a REST application, and the certificate that signs them."""

from __future__ import annotations

from sandbox.platforms.paypal import api
from sandbox.platforms.paypal.firing import CALLBACKS
from sandbox.simulated import Address, Credential, Look, Preset, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="paypal",
    title=Words("PayPal", "PayPal"),
    place=71,
    credentials=(Credential("PAYPAL_WEBHOOK_ID", "5A4DB0C0FFEE0001W"),),
    addresses=(Address("PAYPAL_API_BASE", "/paypal"),),
    channel=SampleChannel(
        "paypal", "PayPal", {"webhook_id": "${PAYPAL_WEBHOOK_ID}", "api_base": "${PAYPAL_API_BASE:-}"}
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    look=Look("#1d4f91", dark_accent="#8fb8ee", on_dark_accent="#0b1d36"),
    presets=(
        Preset(
            "certificate",
            "paypal.certificate",
            "status",
            1,
            {"status": 500},
            Words("The next download of the certificate is an error 500", "下一次下载签名证书返回 500"),
        ),
    ),
)
