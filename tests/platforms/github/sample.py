"""The sample channels of GitHub for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.github.signing import BODY, SECRET, form, webhook
from tests.platforms.samples import Sample

SAMPLES = (
    Sample("github", "json", {"secret": SECRET}, webhook, BODY, has_window=False),
    Sample("github", "form", {"secret": SECRET}, form, BODY, has_window=False),
    Sample(
        "github",
        "login",
        {"secret": SECRET, "client_id": "Ov23", "client_secret": "a-client-secret-of-the-tests"},
        webhook,
        BODY,
        has_window=False,
    ),
)
