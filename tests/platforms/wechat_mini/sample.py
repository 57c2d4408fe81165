"""The sample channels of a Mini Program, one for each mode, for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.samples import Sample
from tests.platforms.wechat_mini.program import SETTINGS, message, plain, sealed

SAMPLES = tuple(
    Sample(
        "wechat-mini",
        mode,
        SETTINGS | {"mode": mode},
        plain if mode == "plain" else sealed,
        message(),
        covers_body=mode != "plain",
        has_window=mode == "plain",
    )
    for mode in ("plain", "compatible", "safe")
)
