"""How long a cure waits that did not help: a token is replaced by force, and the platform refuses the new one too.

Some refusals no new token cures (a permission is missing, the account is frozen), and platforms allow few forced
refreshes: WeChat 20 a day ("获取稳定版接口调用凭据" page, read 2026-11-28). So each one that did not help makes the next
one wait twice as long, for all processes together. What stands here is kept in a row of the store; it only changes when
a forced refresh was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=2)
"""With these two a refusal that lasts makes 18 forced refreshes on its first day and 12 on each day that follows."""

MOST_DOUBLINGS = 10


class Row(Protocol):
    """A row that remembers refusals."""

    @property
    def useless_cures(self) -> int | None:
        """How many forced refreshes in a row did not help."""

    @property
    def force_after(self) -> datetime | None:
        """From when on the next one may be tried."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Forced refreshes in a row that did not help; `since` is when the first one did not."""

    count: int = 0
    force_after: datetime | None = None
    since: datetime | None = None

    @classmethod
    def of(cls, row: Row, *, since: datetime | None = None) -> Refusals:
        """Read them from a row."""
        return cls(row.useless_cures or 0, row.force_after, since)

    def waits(self, now: datetime) -> bool:
        """Say whether the next forced refresh has to wait."""
        return self.force_after is not None and now < self.force_after

    def is_current(self, now: datetime) -> bool:
        """Say whether these still count; nothing is left of them when none came for the longest wait."""
        return self.force_after is not None and now < self.force_after + LONGEST_WAIT

    def another(self, now: datetime) -> Refusals:
        """Return them with one more that did not help."""
        known = self if self.is_current(now) else NO_REFUSALS
        wait = min(FIRST_WAIT * 2 ** min(known.count, MOST_DOUBLINGS), LONGEST_WAIT)
        return Refusals(known.count + 1, now + wait, known.since or now)


NO_REFUSALS = Refusals()
