"""The sample channel of Bark, which takes no callbacks."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (Sample("bark", "", {"device_key": "barkDeviceKeyOfTheTests"}),)
