"""The fictional webhook and application of the simulated GitLab, and the gateway's sample channel for them."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("GITLAB_WEBHOOK_SECRET", "whsec_c2FuZGJveC1naXRsYWItc2lnbmluZy10b2tlbi0wMDE="),
    Credential("GITLAB_CLIENT_ID", "sandboxgitlabapplication0000000000000000000000000000000000000001"),
    Credential("GITLAB_CLIENT_SECRET", "gloas-sandbox-gitlab-client-secret"),
)
ADDRESSES = (Address("GITLAB_BASE", "/gitlab"),)
CHANNEL = SampleChannel(
    "gitlab",
    "GitLab",
    {
        "secret": "${GITLAB_WEBHOOK_SECRET}",
        "client_id": "${GITLAB_CLIENT_ID}",
        "client_secret": "${GITLAB_CLIENT_SECRET}",
        "base_url": "${GITLAB_BASE:-https://gitlab.com}",
    },
)
