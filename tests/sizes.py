"""How much of the hostile suites runs: a share of it among the tests, all of it with HOSTILE_SIZE=long."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("HOSTILE_SIZE") == "long"
EXAMPLES = 200 if IS_LONG else 20
"""Examples of a property that every platform is asked for."""
