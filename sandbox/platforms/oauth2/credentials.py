"""The fictional client of the simulated provider, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("OAUTH2_CLIENT_ID", "client_sandbox0001"),
    Credential("OAUTH2_CLIENT_SECRET", "secret_sandbox0001"),
    # What the gateway calls the channel; used in the link to its login.
    Credential("OAUTH2_CHANNEL", "account", in_example=False),
)
ADDRESSES = (Address("OAUTH2_BASE", "/oauth2/api/oauth2"),)
CHANNEL = SampleChannel(
    "account",
    "OAuth2",
    {
        "client_id": "${OAUTH2_CLIENT_ID}",
        "client_secret": "${OAUTH2_CLIENT_SECRET}",
        "authorize_url": "${OAUTH2_BASE}/authorize",
        "token_url": "${OAUTH2_BASE}/token",
        "userinfo_url": "${OAUTH2_BASE}/userinfo",
        "topup_url": "${OAUTH2_BASE}/topup",
        "revoke_url": "${OAUTH2_BASE}/revoke",
        "scope": "profile balance",
        "authorize_params": {"auto_authorize": "true"},
    },
)
