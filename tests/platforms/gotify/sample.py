"""The sample channel of Gotify, which takes no callbacks."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (Sample("gotify", "", {"app_token": "A.of.the.tests", "api_base": "https://gotify.example"}),)
