"""The sample channels of Graph for the suite that every platform goes through."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.platforms.microsoft_graph.signer import jwks
from tests.platforms.deliveries import delivery
from tests.platforms.microsoft_graph.notifying import PLAIN, SETTINGS, entry, notify, proof, rich
from tests.platforms.samples import Sample

SAMPLES = (
    Sample(
        "microsoft-graph",
        "client-state",
        PLAIN,
        delivery,
        notify(entry()).body,
        covers_body=False,
        has_window=False,
        proof_in_body=True,
    ),
    Sample(
        "microsoft-graph",
        "jwt",
        SETTINGS | {"jwks": jwks()},
        delivery,
        notify(rich(), tokens=[proof()]).body,
        covers_body=False,
        proof_in_body=True,
    ),
)
RECORDED = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["settings"]
OWN_VALUES = {"MICROSOFT_GRAPH_PRIVATE_KEY": RECORDED["encryption_keys"]["cert-1"]}
"""What an operator might write instead of the simulator's values, where not every text will do."""
