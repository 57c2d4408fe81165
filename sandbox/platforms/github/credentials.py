"""The fictional webhook and OAuth app of the simulated GitHub, and the gateway's sample channel for them."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("GITHUB_WEBHOOK_SECRET", "sandbox-github-webhook-secret"),
    Credential("GITHUB_CLIENT_ID", "Ov23sandbox000000001"),
    Credential("GITHUB_CLIENT_SECRET", "sandbox-github-client-secret"),
)
ADDRESSES = (Address("GITHUB_WEB_BASE", "/github"), Address("GITHUB_API_BASE", "/github/api"))
CHANNEL = SampleChannel(
    "github",
    "GitHub",
    {
        "secret": "${GITHUB_WEBHOOK_SECRET}",
        "client_id": "${GITHUB_CLIENT_ID}",
        "client_secret": "${GITHUB_CLIENT_SECRET}",
        "web_base": "${GITHUB_WEB_BASE:-https://github.com}",
        "api_base": "${GITHUB_API_BASE:-https://api.github.com}",
    },
)
