"""How far retention has come in this process; a plain value that services carry between its runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class PruneProgress:
    """Times are of the steady clock. Losing this costs one walk over the old events and the followers, nothing else."""

    next_run: float = 0.0
    walk_again: float = 0.0
    bodies_done_to: tuple[datetime, str] | None = None
    followers_done_to: tuple[str, str] | None = None
    followers_again: float = 0.0
