"""The sample channel of PayPal for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.paypal.posting import ADDRESS, BODY, PEM, SETTINGS, webhook
from tests.platforms.samples import Sample

SAMPLES = (
    Sample(
        "paypal",
        "certificate",
        SETTINGS | {"certificates": {ADDRESS: PEM}, "tolerance_s": 600},
        webhook,
        BODY,
    ),
)
