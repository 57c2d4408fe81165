"""Simulated Plaid: signed webhooks, and the key that is asked for with client_id and secret."""

from __future__ import annotations

from sandbox.platforms.plaid import api
from sandbox.platforms.plaid.firing import CALLBACKS
from sandbox.simulated import Address, Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="plaid",
    title=Words("Plaid", "Plaid"),
    place=71,
    credentials=(
        Credential("PLAID_CLIENT_ID", "5a4db0c0ffee0000000plaid"),
        Credential("PLAID_SECRET", "sandbox-plaid-secret-0001"),
    ),
    addresses=(Address("PLAID_API_BASE", "/plaid"),),
    channel=SampleChannel(
        "plaid",
        "Plaid",
        {
            "client_id": "${PLAID_CLIENT_ID}",
            "secret": "${PLAID_SECRET}",
            "api_base": "${PLAID_API_BASE:-https://production.plaid.com}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
)
