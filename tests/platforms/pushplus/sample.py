"""The sample channel of PushPlus, which takes no callbacks."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (Sample("pushplus", "", {"token": "pushplus-token-of-the-tests"}),)
