"""The refusal of new work while the gateway is over a limit; who is refused, and in whose words, is each story's matter.

What is measured, and when a limit counts as passed, is in upkeep/pressure.py. Here nothing is measured or stored.
"""

from __future__ import annotations

import random

from app.core.errors import UnderPressure
from app.pipeline.services import Services

SOONEST_SECONDS = 20
LATEST_SECONDS = 60
"""Callers that were turned away together come back one after another."""


def refusal_under_pressure(services: Services) -> UnderPressure | None:
    """Return why no new work is taken now, and count that; None where it is."""
    pressure = services.runtime.pressure
    if not pressure.over:
        return None
    pressure.refusals += 1
    limits = ", ".join(each.limit for each in pressure.over)
    wait = random.randint(SOONEST_SECONDS, LATEST_SECONDS)  # noqa: S311 - spreading load, not guarding a secret
    return UnderPressure(limits, retry_after=wait)
