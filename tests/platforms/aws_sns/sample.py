"""The sample channels of SNS for the suite that every platform goes through."""

from __future__ import annotations

import json

from tests.platforms.aws_sns.posting import ADDRESS, CONFIRMATION, NOTIFICATION, PEM, SETTINGS, prove
from tests.platforms.samples import Sample

OWN = SETTINGS | {"certificates": {ADDRESS: PEM}}
SAMPLES = (
    Sample(
        "aws-sns",
        "notification",
        OWN,
        prove,
        json.dumps(NOTIFICATION).encode(),
        has_window=False,
        proof_in_body=True,
    ),
    Sample(
        "aws-sns",
        "confirmation",
        OWN,
        prove,
        json.dumps(CONFIRMATION).encode(),
        has_window=False,
        proof_in_body=True,
    ),
)
OWN_VALUES = {"AWS_SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:210987654321:orders"}
"""What an operator might write instead of the simulator's topic."""
