"""The sample channels of Feishu, encrypted and with the token alone, for the suite that every platform goes through."""

from __future__ import annotations

from app.core.values import InboundRequest
from tests.platforms.feishu import channel, signing
from tests.platforms.samples import Sample


def _sealed(body: bytes) -> InboundRequest:
    return channel.signed(signing.seal(body))


KEYS = {"app_id": signing.APP_ID, "app_secret": "demo-app-secret", "verification_token": signing.TOKEN}

SAMPLES = (
    Sample(
        "feishu",
        "sealed",
        {**KEYS, "encrypt_key": signing.ENCRYPT_KEY},
        _sealed,
        signing.compact(channel.v2_event()),
        now=channel.NOW,
        has_window=False,
    ),
    Sample(
        "feishu",
        "token",
        KEYS,
        channel.delivery,
        signing.compact(channel.v2_event()),
        now=channel.NOW,
        covers_body=False,
        has_window=False,
        proof_in_body=True,
    ),
)
