"""What must be reached, and in plain words whether it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.samples import Outcome
from bench.stores import TITLES

EMPTY = {1: "empty", 2: "empty-2"}
"""The peer that a case is compared with has as many processes as the case."""


@dataclass(frozen=True)
class Goal:
    """One line of the table of goals; `least` says whether more is better."""

    title: str
    measured: float | None
    floor: float
    aim: float
    unit: str
    least: bool = True

    @property
    def verdict(self) -> str:
        """Say it."""
        if self.measured is None:
            return "not measured"
        if self._reaches(self.aim):
            return "aim met"
        return "floor met, aim missed" if self._reaches(self.floor) else "floor missed"

    def _reaches(self, limit: float) -> bool:
        assert self.measured is not None
        return self.measured >= limit if self.least else self.measured <= limit


def ratio(outcome: Outcome, outcomes: Mapping[str, Outcome]) -> float | None:
    """Return a case's rate as a share of the empty Flask view's of the same run."""
    rate, empty = outcome.value("rate"), outcomes.get(EMPTY[2 if outcome.key.split("-")[-1] == "2" else 1])
    base = empty.value("rate") if empty is not None else None
    return rate / base if rate is not None and base else None


def goals(outcomes: Mapping[str, Outcome]) -> list[Goal]:
    """Return every goal of the table with what was measured for it."""
    return [
        *_ingest(outcomes, "ingest-postgresql-callback", "PostgreSQL, 1 process", (3000, 4000), (0.25, 0.5)),
        *_ingest(
            outcomes, "ingest-postgresql-callback-2", "PostgreSQL, 2 processes", (3000, 4000), (0.25, 0.5)
        ),
        *_ingest(outcomes, "ingest-sqlite-callback", "SQLite, 1 process", (2500, 3500), (0.4, 0.5)),
        *_each_store(outcomes, "end-to-end-{}", "end to end, {}", "rate", Goal("", None, 1000, 1500, "/s")),
        *_growth(outcomes.values()),
        *_each_store(
            outcomes, "half-load-{}", "p99 at half load, {}", "p99", Goal("", None, 80, 50, "ms", least=False)
        ),
        *_each_store(
            outcomes,
            "half-load-{}-engine",
            "p99 at half load, {}, handlers run meanwhile",
            "p99",
            Goal("", None, 80, 50, "ms", least=False),
        ),
        *_each_store(
            outcomes,
            "ingest-{}-callback-engine",
            "memory of one serving process after the load, {} (resident)",
            "rss",
            Goal("", None, 150, 120, "MB", least=False),
        ),
        *_each_store(
            outcomes,
            "ingest-{}-callback-engine",
            "start to first answer, {}",
            "start",
            Goal("", None, 2.0, 1.5, "s", least=False),
        ),
    ]


def _value(outcomes: Mapping[str, Outcome], key: str, name: str) -> float | None:
    return outcomes[key].value(name) if key in outcomes else None


def _ingest(
    outcomes: Mapping[str, Outcome],
    key: str,
    where: str,
    rates: tuple[float, float],
    shares: tuple[float, float],
) -> list[Goal]:
    share = ratio(outcomes[key], outcomes) if key in outcomes else None
    return [
        Goal(f"durable accepts, {where}", _value(outcomes, key, "rate"), *rates, "/s"),
        Goal(f"the same against the empty Flask view, {where}", share, *shares, "×"),
    ]


def _each_store(
    outcomes: Mapping[str, Outcome], key: str, title: str, name: str, limits: Goal
) -> Iterable[Goal]:
    for store, word in TITLES.items():
        value = _value(outcomes, key.format(store), name)
        yield Goal(title.format(word), value, limits.floor, limits.aim, limits.unit, limits.least)


def _growth(outcomes: Iterable[Outcome]) -> Iterable[Goal]:
    found = [outcome for outcome in outcomes if outcome.key.startswith("growth-")]
    for outcome in found:
        if not outcome.key.endswith("-0"):
            yield Goal(
                f"speed against an empty table, {outcome.title}", outcome.value("share"), 0.85, 0.95, "×"
            )
    if not found:
        yield Goal("speed with 10 M stored events against an empty table", None, 0.85, 0.95, "×")
