"""The sample channels of Alertmanager for the suite that every platform goes through."""

from __future__ import annotations

from functools import partial

from tests.platforms.alertmanager.notifying import TOKEN, group, notification
from tests.platforms.samples import Sample

BASIC = "Basic YW06YW0tdG9rZW4tb2YtdGhlLXRlc3Rz"
"""The name am and the token."""

SAMPLES = (
    Sample(
        "alertmanager", "bearer", {"token": TOKEN}, notification, group(), covers_body=False, has_window=False
    ),
    Sample(
        "alertmanager",
        "basic",
        {"token": TOKEN, "username": "am"},
        partial(notification, authorization=BASIC),
        group(),
        covers_body=False,
        has_window=False,
    ),
)
