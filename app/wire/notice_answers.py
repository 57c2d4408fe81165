"""What platforms that only know "taken" and "send it again" are told about a notice. Pure.

Each platform supplies its own words; which outcome means which is the same for all of them.
"""

from __future__ import annotations

from typing import Final

from app.core.values import COME_AGAIN_SECONDS, Outcome, Reply, Situation

TAKEN: Final = frozenset(
    {Situation.ACCEPTED, Situation.SUCCESS, Situation.ALREADY_PROCESSED, Situation.STILL_RUNNING}
)


def notice_answer(outcome: Outcome, *, taken: Reply, failed: Reply) -> Reply:
    """Return `taken` for what is stored or done, else the words of `failed` with a status that brings the notice again."""
    situation = outcome.situation
    if situation in TAKEN:
        return taken
    if situation is Situation.COME_AGAIN:
        return failed._replace(status=503, retry_after=COME_AGAIN_SECONDS)
    return failed._replace(status=400 if situation is Situation.UNKNOWN_EVENT_TYPE else 500)
