"""Sample channels of Discord: callbacks by the description, sending by code."""

from __future__ import annotations

from sandbox.sources.files import source
from sandbox.sources.signing import public_settings
from tests.platforms.described_parties import prover
from tests.platforms.samples import Sample

SETTINGS = {
    **public_settings(source("discord")["signature"]),
    "robot_hook": "https://discord.example/api/webhooks/1/token",
}
BODY = b'{"id":"771825006014889984","type":2,"version":1}'
SAMPLES = (Sample("discord", "", SETTINGS, prover("discord", {}), BODY, has_window=False),)
