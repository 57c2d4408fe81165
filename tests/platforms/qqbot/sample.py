"""The sample channel of a QQ bot: callbacks by the description, replies by code."""

from __future__ import annotations

from tests.platforms.described_parties import prover
from tests.platforms.samples import Sample

KEYS = {"app_id": "sandbox-app-id", "secret": "qqbot-secret-of-the-tests-0123456789"}
BODY = b'{"op":0,"id":"GROUP_AT_MESSAGE_CREATE:1","t":"GROUP_AT_MESSAGE_CREATE","d":{"id":"ROBOT1.0_1","content":"hi"}}'
SAMPLES = (Sample("qqbot", "", KEYS, prover("qqbot", KEYS), BODY),)
