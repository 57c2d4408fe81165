"""`python -m bench`: measures the gateway beside its peers, prints a table and writes it with its charts."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from bench import beside, footprint, messages, readme
from bench.cases import gateways, peers
from bench.console import Console
from bench.growth import Growth
from bench.logins import Logins, TokenCache
from bench.machine import describe
from bench.relay import Relay
from bench.report import PEERS, write
from bench.samples import QUICK, README, Bench, Case, Outcome, Scale, Skipped
from bench.stores import TITLES, StoreMissing

ROOT = Path(__file__).resolve().parents[1]
ALWAYS = ("empty",)
"""Measured in every run: the ratios need it."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the chosen cases and report; 1 when nothing could be measured or an accepted event is missing."""
    chosen = _arguments(words)
    scale = _scale(chosen)
    every_round, growth = _cases(scale, chosen)
    if chosen.list:
        print("\n".join(case.key for case in [*every_round, *growth]))
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    Path(chosen.folder).mkdir(parents=True, exist_ok=True)
    out = Path(chosen.out or ROOT / "bench" / "results" / ("readme" if chosen.readme else ""))
    machine = describe(chosen.folder)
    outcomes = {case.key: Outcome(case.key, case.title) for case in [*every_round, *growth]}
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path(chosen.folder).resolve()) as folder:
        bench = Bench(Path(folder), scale)
        report = partial(write, out, outcomes, machine=machine, scale=scale, is_quick=chosen.quick)
        try:
            is_whole = _measure_all(bench, every_round, growth, outcomes, report)
        finally:
            bench.close()
    print(report())
    if is_whole and _is_for_the_readme(chosen):
        readme.write(ROOT, out, outcomes, scale=scale, date=machine["date"][:10])
    measured = any(outcome.samples for outcome in outcomes.values())
    is_lost = any(outcome.lost for outcome in outcomes.values() if outcome.key not in PEERS)
    return 0 if measured and not is_lost else 1


def _is_for_the_readme(chosen: argparse.Namespace) -> bool:
    """Say whether a run may write the READMEs: a part of it, or a few requests, would look like all of it."""
    return chosen.readme and not chosen.quick and chosen.only == "*" and chosen.out is None


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="The benchmark; docs/benchmark.md.")
    parser.add_argument("--quick", action="store_true", help="a few requests of each: shows that it works")
    parser.add_argument("--readme", action="store_true", help="what the README shows, and write it there")
    parser.add_argument("--more-peers", action="store_true", help="those of `make bench-peers` too")
    parser.add_argument("--only", default="*", help="comma list of cases, * allowed; --list shows them")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and end")
    parser.add_argument("--out", default=None, help="folder for table, JSON and charts (bench/results)")
    parser.add_argument("--folder", default="var", help="where the SQLite files are meanwhile: a real disk")
    parser.add_argument("--rounds", type=int, default=None, help="interleaved rounds")
    parser.add_argument("--requests", type=int, default=None, help="requests of one run")
    parser.add_argument("--growth", default=None, help="stored events, such as 0,1000000; empty: none")
    parser.add_argument("--growth-body", type=int, default=None, help="bytes of a filled event's body")
    return parser.parse_args(words)


def _scale(chosen: argparse.Namespace) -> Scale:
    scale = QUICK if chosen.quick else README if chosen.readme else Scale()
    if chosen.rounds:
        scale = replace(scale, rounds=chosen.rounds)
    if chosen.requests:
        scale = replace(scale, requests=chosen.requests)
    if chosen.growth is not None:
        levels = sorted({int(word) for word in chosen.growth.split(",") if word.strip()})
        scale = replace(scale, growth=tuple(levels))
    if chosen.growth_body:
        scale = replace(scale, growth_body=chosen.growth_body)
    return scale


def _cases(scale: Scale, chosen: argparse.Namespace) -> tuple[list[Case], list[Growth]]:
    """Return the cases of every round, and those that fill a database step by step or are measured once."""
    every_round: list[Case] = [
        *peers(),
        *beside.cases(),
        *(beside.more_cases() if chosen.more_peers else []),
        *gateways(),
        *footprint.cases(),
        *messages.cases(),
        Logins(),
        Relay("sqlite"),
        Relay("postgresql"),
        TokenCache(),
        Console("sqlite"),
        Console("postgresql"),
    ]
    growth = [
        Growth(store, stored, is_last=stored == max(scale.growth))
        for store in TITLES
        for stored in scale.growth
    ]
    patterns = [*readme.CASES] if chosen.readme and chosen.only == "*" else _patterns(chosen.only)
    return (
        [case for case in every_round if case.key in ALWAYS or _is_wanted(case, patterns)],
        [case for case in growth if _is_wanted(case, patterns)],
    )


def _patterns(only: str) -> list[str]:
    return [word.strip() for word in only.split(",")]


def _is_wanted(case: Case, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(case.key, pattern) for pattern in patterns)


def _measure_all(
    bench: Bench,
    every_round: Sequence[Case],
    growth: Sequence[Growth],
    outcomes: dict[str, Outcome],
    report: Callable[[], str],
) -> bool:
    """Measure every round, then growth, and report after each; return whether nobody interrupted it."""
    rounds = range(bench.scale.rounds)
    try:
        for number in rounds:
            _measure(bench, every_round, number, outcomes)
            report()
        for case in growth:
            for number in rounds:
                _measure(bench, [case], number, outcomes)
            case.finish(bench)
            report()
    except KeyboardInterrupt:
        print("Interrupted; what was measured so far is written.", file=sys.stderr)
        return False
    return True


def _measure(bench: Bench, cases: Sequence[Case], number: int, outcomes: dict[str, Outcome]) -> None:
    """Measure each case once: in turns, and backwards every second time, so that a slow minute of the machine meets all of them."""
    for case in cases if number % 2 == 0 else reversed(cases):
        is_due = number == 0 or not getattr(case, "is_once", False)
        if is_due and not outcomes[case.key].trouble:
            _measure_once(bench, case, number, outcomes[case.key])


def _measure_once(bench: Bench, case: Case, number: int, outcome: Outcome) -> None:
    began = time.monotonic()
    try:
        sample = case.measure(bench, number)
    except (Skipped, StoreMissing) as reason:
        outcome.trouble = f"skipped: {reason}"
    except Exception as error:  # noqa: BLE001 - one case that fails is reported and does not end the others
        outcome.trouble = f"failed: {error.__class__.__name__}: {' '.join(str(error).split())[-300:]}"
    else:
        outcome.samples.append(sample)
    said = outcome.trouble or _said(outcome.samples[-1].values)
    print(f"round {number + 1}  {case.key:<36} {said}  ({time.monotonic() - began:.0f} s)", file=sys.stderr)


def _said(values: Mapping[str, float]) -> str:
    """Return the one figure of a sample that shows while it runs."""
    if "answered" in values:
        return f"{values['gone']:,.0f} of {values['answered']:,.0f} gone"
    if "page_p95" in values:
        return f"slowest page {values['page_p95']:.0f} ms"
    return f"{values['rate']:,.0f}/s" if "rate" in values else f"{values['seconds']:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
