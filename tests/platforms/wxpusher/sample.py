"""The sample channel of WxPusher, which takes no callbacks."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (Sample("wxpusher", "", {"app_token": "AT_ofTheTests00001", "uids": "UID_1"}),)
