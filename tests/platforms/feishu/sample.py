"""The sample channel of Feishu, encrypted, for the suite that every platform goes through."""

from __future__ import annotations

from app.core.values import InboundRequest
from tests.platforms.feishu import channel, signing
from tests.platforms.samples import Sample


def _sealed(body: bytes) -> InboundRequest:
    return channel.signed(signing.seal(body))


SAMPLES = (
    Sample(
        "feishu",
        "sealed",
        {
            "app_id": signing.APP_ID,
            "app_secret": "demo-app-secret",
            "verification_token": signing.TOKEN,
            "encrypt_key": signing.ENCRYPT_KEY,
        },
        _sealed,
        signing.compact(channel.v2_event()),
        now=channel.NOW,
        has_window=False,
    ),
)
