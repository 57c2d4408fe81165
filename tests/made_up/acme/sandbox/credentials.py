"""The fictional application of the simulated Acme, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("ACME_SECRET", "sandbox-acme-signing-secret"),
    Credential("ACME_CLIENT_ID", "acme_sandbox0001"),
    Credential("ACME_CLIENT_SECRET", "sandbox-acme-client-secret"),
)
ADDRESSES = (Address("ACME_API_BASE", "/acme"),)
CHANNEL = SampleChannel(
    "acme",
    "Acme",
    {
        "secret": "${ACME_SECRET}",
        "client_id": "${ACME_CLIENT_ID}",
        "client_secret": "${ACME_CLIENT_SECRET}",
        "api_base": "${ACME_API_BASE:-https://api.acme.example}",
    },
)
