"""Simulated eBay: notifications, the challenge of an endpoint, application tokens and public keys."""

from __future__ import annotations

from sandbox.platforms.ebay import api
from sandbox.platforms.ebay.firing import CALLBACKS
from sandbox.simulated import Address, Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="ebay",
    title=Words("eBay", "eBay"),
    place=72,
    credentials=(
        Credential("EBAY_VERIFICATION_TOKEN", "sandbox-ebay-verification-token-0123456789"),
        Credential("EBAY_ENDPOINT", "https://gateway.example/webhooks/ebay"),
        Credential("EBAY_CLIENT_ID", "Sandbox-Callgate-PRD-5a4db0c0f-fee00001"),
        Credential("EBAY_CLIENT_SECRET", "PRD-sandbox-ebay-client-secret"),
    ),
    addresses=(Address("EBAY_API_BASE", "/ebay"),),
    channel=SampleChannel(
        "ebay",
        "eBay",
        {
            "verification_token": "${EBAY_VERIFICATION_TOKEN}",
            "endpoint": "${EBAY_ENDPOINT}",
            "client_id": "${EBAY_CLIENT_ID}",
            "client_secret": "${EBAY_CLIENT_SECRET}",
            "api_base": "${EBAY_API_BASE:-https://api.ebay.com}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
)
