"""The fictional webhook and application of the simulated Gitee, and the gateway's sample channel for them."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("GITEE_WEBHOOK_SECRET", "sandbox-gitee-webhook-secret"),
    Credential("GITEE_CLIENT_ID", "sandboxgiteeapplication00000000000000000000000000000000000000001"),
    Credential("GITEE_CLIENT_SECRET", "sandbox-gitee-client-secret"),
)
ADDRESSES = (Address("GITEE_BASE", "/gitee"),)
CHANNEL = SampleChannel(
    "gitee",
    "Gitee",
    {
        "secret": "${GITEE_WEBHOOK_SECRET}",
        "client_id": "${GITEE_CLIENT_ID}",
        "client_secret": "${GITEE_CLIENT_SECRET}",
        "base_url": "${GITEE_BASE:-https://gitee.com}",
    },
)
