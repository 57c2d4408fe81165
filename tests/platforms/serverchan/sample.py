"""The sample channel of Server酱, which takes no callbacks."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (Sample("serverchan", "", {"send_key": "SCT1234567TofTheTests"}),)
OWN_VALUES = {"SERVERCHAN_SEND_KEY": "SCT1234567TofTheTests"}
