"""The sample channel of ntfy, which takes no callbacks."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (Sample("ntfy", "", {"topic": "alerts-of-the-tests", "token": "tk_ofTheTests"}),)
OWN_VALUES = {"NTFY_TOPIC": "alerts-of-the-tests"}
