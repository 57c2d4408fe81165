"""Sample channels of Slack: callbacks by the description, sending by code."""

from __future__ import annotations

from tests.platforms.described_parties import prover
from tests.platforms.samples import Sample

SECRET = "slack-signing-secret-of-the-tests"
SETTINGS = {
    "secret": SECRET,
    "robot_hook": "https://hooks.slack.example/services/T1/B1/key",
    "bot_token": "xoxb-1-of-the-tests",
}
BODY = b'{"type":"event_callback","event_id":"Ev1","event":{"type":"message","user":"U061F7AUR"}}'
SAMPLES = (Sample("slack", "", SETTINGS, prover("slack", {"secret": SECRET}), BODY),)
