"""The account of a drill: what was promised, what was done, how often, and how soon after the fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from app.storage.inbox.events import events
from app.storage.queue.dispatches import attempts, every_dispatch

NOTING_ROUTE = "%.write_note"


@dataclass(frozen=True, slots=True)
class Account:
    """What a drill came to.

    `forged` counts what nobody signed and was accepted nevertheless. `cut_short` counts the attempts that did not come to their end; a handler without a transaction may repeat what one of
    those did, and nothing else.
    """

    accepted: int
    lost: int
    twice: int
    repeated: int
    without_cause: int
    cut_short: int
    forged: int = 0

    def is_clean(self) -> bool:
        """Say whether the promises were kept."""
        return not any((self.lost, self.twice, self.without_cause, self.forged))

    def __str__(self) -> str:
        words = (
            f"accepted {self.accepted} · lost {self.lost} · transactional effects twice {self.twice} · "
            f"others repeated {self.repeated} (running at the fault: {self.cut_short})"
        )
        if self.without_cause:
            words += f" · repeated without cause {self.without_cause}"
        return words + (f" · forgeries accepted {self.forged}" if self.forged else "")


@dataclass(frozen=True, slots=True)
class Result:
    """An account with its times, counted from the fault."""

    account: Account
    answers_again: float | None = None
    all_done: float | None = None

    def __str__(self) -> str:
        words = str(self.account)
        if self.answers_again is not None:
            words += f" · answers again after {self.answers_again:.1f} s"
        if self.all_done is not None:
            words += f" · all done after {self.all_done:.1f} s"
        return words


def take_account(
    connection: Connection, acknowledged: Collection[str], runs: Counter[str], *, prefix: str = ""
) -> Account:
    """Compare what was acknowledged with what was done, of the callbacks whose keys begin with `prefix`."""
    written = _beginning(
        prefix, Counter(connection.execute(text("SELECT event_key FROM drill_effects")).scalars())
    )
    begun = _beginning(prefix, runs)
    wanted = set(acknowledged)
    lost_runs = _lost_runs(connection)
    return Account(
        accepted=len(wanted),
        lost=len(wanted - set(written)) + len(wanted - set(begun)),
        twice=written.total() - len(written),
        repeated=begun.total() - len(begun),
        without_cause=sum(max(0, times - 1 - lost_runs[key]) for key, times in begun.items()),
        cut_short=_count_cut_short(connection, prefix),
    )


def _beginning(prefix: str, counts: Counter[str]) -> Counter[str]:
    return Counter({key: times for key, times in counts.items() if key.startswith(prefix)})


def _lost_runs(connection: Connection) -> Counter[str]:
    """Return for each key how many attempts of the handler without a transaction did not come to their end."""
    found = every_dispatch()
    query = (
        select(events.c.key, func.count())
        .select_from(attempts.join(found, found.c.id == attempts.c.dispatch_id))
        .join(events, events.c.id == found.c.event_id)
        .where(attempts.c.outcome != "succeeded", found.c.route.like(NOTING_ROUTE))
        .group_by(events.c.key)
    )
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def _count_cut_short(connection: Connection, prefix: str) -> int:
    found = every_dispatch()
    query = (
        select(func.count())
        .select_from(attempts.join(found, found.c.id == attempts.c.dispatch_id))
        .join(events, events.c.id == found.c.event_id)
        .where(attempts.c.outcome != "succeeded", events.c.key.startswith(prefix, autoescape=True))
    )
    return int(connection.execute(query).scalar_one())
