"""The fictional secret of the simulated callbacks, and the gateway's sample channel for them."""

from __future__ import annotations

from sandbox.simulated import Credential, SampleChannel

SCHEMES = ("body", "timestamp-nonce", "token", "jwt")

CREDENTIALS = (
    Credential("CALLBACK_SECRET", "sandbox-callback-secret-of-32-bytes-or-more"),
    Credential("CALLBACK_SCHEME", "body", choices=SCHEMES, in_example=False),
    Credential("CALLBACK_ENCRYPTED", "false", choices=("false", "true"), in_example=False),
)
CHANNEL = SampleChannel(
    "callback",
    "Unified callback",
    {
        "secret": "${CALLBACK_SECRET}",
        "scheme": "${CALLBACK_SCHEME:-body}",
        "encrypted": "${CALLBACK_ENCRYPTED:-false}",
    },
)
