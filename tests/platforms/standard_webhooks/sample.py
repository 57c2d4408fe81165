"""The sample channel of Standard Webhooks for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.samples import Sample
from tests.platforms.standard_webhooks.signing import WEBHOOK_SECRET, webhook

BODY = b'{"type":"invoice.paid","timestamp":"2026-05-28T20:26:40Z","data":{}}'

SAMPLES = (Sample("standard-webhooks", "v1", {"secret": WEBHOOK_SECRET}, webhook, BODY),)
OWN_VALUES = {"STANDARD_WEBHOOKS_SECRET": "whsec_" + "5f1c9d27b3e84a60" * 2}
