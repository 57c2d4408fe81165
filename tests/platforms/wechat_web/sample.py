"""The sample channel of WeChat website login, which takes no callbacks, for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (Sample("wechat-web", "", {"app_id": "wx0001", "app_secret": "wxsecret"}),)
