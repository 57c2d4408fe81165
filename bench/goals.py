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
        *_speed(outcomes),
        *_growth(outcomes.values()),
        *_latency(outcomes),
        *_relay(outcomes),
        *_console(outcomes),
        *_footprint(outcomes),
    ]


STORES = ("postgresql", "sqlite")
"""Goals are set for these; MariaDB is measured beside them."""


def _speed(outcomes: Mapping[str, Outcome]) -> Iterable[Goal]:
    accepts = "verified, stored, with a dispatch, against the empty Flask view"
    with_handlers = {"postgresql": (0.25, 0.40), "sqlite": (0.35, 0.45)}
    for store in STORES:
        share = _share(outcomes, f"ingest-{store}-callback")
        yield Goal(f"{accepts}, {TITLES[store]}", share, 0.45, 0.60, "×")
    for store in STORES:
        share = _share(outcomes, f"ingest-{store}-callback-engine")
        yield Goal(f"the same, handlers run meanwhile, {TITLES[store]}", share, *with_handlers[store], "×")
    for platform, title, floor, aim in AGAINST_CALLBACK:
        for store in STORES:
            share = _against(outcomes, f"ingest-{store}-{platform}", f"ingest-{store}-callback")
            yield Goal(f"{title} against `callback`, {TITLES[store]}", share, floor, aim, "×")


AGAINST_CALLBACK = (
    ("source", "a source described as data", 0.90, 0.97),
    ("feishu", "encrypted Feishu", 0.6, 0.8),
    ("wechat", "WeChat safe mode", 0.5, 0.7),
)


def _share(outcomes: Mapping[str, Outcome], key: str) -> float | None:
    return ratio(outcomes[key], outcomes) if key in outcomes else None


def _against(outcomes: Mapping[str, Outcome], key: str, other: str) -> float | None:
    rate, base = _value(outcomes, key, "rate"), _value(outcomes, other, "rate")
    return rate / base if rate is not None and base else None


def _value(outcomes: Mapping[str, Outcome], key: str, name: str) -> float | None:
    return outcomes[key].value(name) if key in outcomes else None


def _growth(outcomes: Iterable[Outcome]) -> Iterable[Goal]:
    found = [outcome for outcome in outcomes if outcome.key.startswith("growth-")]
    for outcome in found:
        if not outcome.key.endswith("-0"):
            yield Goal(
                f"speed against an empty table, {outcome.title}", outcome.value("share"), 0.85, 0.95, "×"
            )
    if not found:
        yield Goal("speed with 10 M stored events against an empty table", None, 0.85, 0.95, "×")


def _latency(outcomes: Mapping[str, Outcome]) -> Iterable[Goal]:
    for engine, words in (("", ""), ("-engine", ", handlers run meanwhile")):
        for store in STORES:
            measured = _value(outcomes, f"half-load-{store}{engine}", "p99")
            title = f"p99 at half load, {TITLES[store]}{words}"
            yield Goal(title, measured, 50, 30, "ms", least=False)


def _relay(outcomes: Mapping[str, Outcome]) -> Iterable[Goal]:
    for store in STORES:
        measured = _value(outcomes, f"relay-{store}", "added_p50")
        title = f"what the relay adds to a call at the median, {TITLES[store]}"
        yield Goal(title, measured, 5, 2, "ms", least=False)


def _console(outcomes: Mapping[str, Outcome]) -> Iterable[Goal]:
    for store in STORES:
        measured = _value(outcomes, f"console-{store}", "page_p95")
        title = f"slowest page of the console over a million events, p95, {TITLES[store]}"
        yield Goal(title, measured, 300, 150, "ms", least=False)


def _footprint(outcomes: Mapping[str, Outcome]) -> Iterable[Goal]:
    for store in STORES:
        measured = _value(outcomes, f"many-channels-{store}", "rss")
        title = f"memory of one serving process with 200 channels, after the load, {TITLES[store]} (resident)"
        yield Goal(title, measured, 150, 120, "MB", least=False)
    for store in STORES:
        measured = _value(outcomes, f"many-channels-{store}", "start")
        title = f"start to first answer with 200 channels, {TITLES[store]}"
        yield Goal(title, measured, 2.0, 1.2, "s", least=False)
    command = _value(outcomes, "flask-command", "seconds")
    yield Goal("`flask` command to its first output", command, 0.5, 0.3, "s", least=False)
