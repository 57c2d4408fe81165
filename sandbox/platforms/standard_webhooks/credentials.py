"""The fictional secret of the simulated sender, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (Credential("STANDARD_WEBHOOKS_SECRET", "whsec_c2FuZGJveC1zdGFuZGFyZC13ZWJob29rcy1zZWNyZXQ="),)
CHANNEL = SampleChannel("webhooks", "Standard Webhooks", {"secret": "${STANDARD_WEBHOOKS_SECRET}"})
