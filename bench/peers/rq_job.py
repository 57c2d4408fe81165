"""What RQ's worker runs: it notes the event, so that one can count what was done."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def process(event: dict[str, Any]) -> None:
    with Path(os.environ["BENCH_DONE"]).open("a", encoding="utf-8") as done:
        done.write(event["event_id"] + "\n")
