"""The sample channel of WeCom for the suite that every platform goes through; it has one mode."""

from __future__ import annotations

from tests.platforms.samples import Sample
from tests.platforms.wecom import application

SAMPLES = (
    Sample(
        "wecom",
        "encrypted",
        {
            "corp_id": application.CORP_ID,
            "agent_id": application.AGENT_ID,
            "secret": "s3cret",
            "token": application.TOKEN,
            "encoding_aes_key": application.AES_KEY,
        },
        application.sent,
        application.xml(),
        now=application.NOW,
        has_window=False,
    ),
)
