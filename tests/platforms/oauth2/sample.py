"""The sample channel of OAuth 2.0, which takes no callbacks, for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (
    Sample(
        "oauth2",
        "login",
        {
            "client_id": "c",
            "client_secret": "s",
            "authorize_url": "https://id.example/a",
            "token_url": "https://id.example/t",
            "userinfo_url": "https://id.example/u",
        },
    ),
)
