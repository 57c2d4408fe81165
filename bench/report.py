"""The results as a table on the terminal, as JSON, as Markdown and as charts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.charts import Bar, Mark, bar_chart, number_text
from bench.goals import Goal, goals, ratio
from bench.samples import Outcome, Scale

HEADINGS = (
    "case", "a second", "× empty", "lowest to highest", "p50 ms", "p99 ms", "CPU ms for 1,000", "and database",
    "MB", "generator", "bad", "lost",
)  # fmt: skip
PAGE_MARK = " p95"
QUICK_WORDS = "**A quick run: it shows that the harness works. Its figures mean nothing.**"
PEERS = (
    "empty", "empty-2", "empty-free", "gunicorn", "tutorial", "lark-oapi", "wechatpy",
    "fastapi", "express", "rq", "webhook", "fastify", "n8n",
)  # fmt: skip
Rows = list[tuple[str, ...]]


def write(
    folder: Path,
    outcomes: Mapping[str, Outcome],
    *,
    machine: Mapping[str, str],
    scale: Scale,
    is_quick: bool,
) -> str:
    """Write every form into the folder and return the text for the terminal."""
    folder.mkdir(parents=True, exist_ok=True)
    reached = goals(outcomes)
    (folder / "results.json").write_text(
        json.dumps(_as_json(outcomes, reached, machine, scale, is_quick), indent=2, ensure_ascii=False)
        + "\n",
        encoding="utf-8",
    )
    drawn = charts(outcomes)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, content in drawn.items():
        (folder / f"{name}.svg").write_text(content, encoding="utf-8")
    text = _markdown(outcomes, reached, machine, scale, is_quick=is_quick, drawn=list(drawn))
    (folder / "results.md").write_text(text, encoding="utf-8")
    return text


def _as_json(
    outcomes: Mapping[str, Outcome],
    reached: Sequence[Goal],
    machine: Mapping[str, str],
    scale: Scale,
    is_quick: bool,
) -> dict[str, object]:
    return {
        "quick": is_quick,
        "machine": dict(machine),
        "scale": asdict(scale),
        "goals": [asdict(goal) | {"verdict": "not judged" if is_quick else goal.verdict} for goal in reached],
        "cases": [asdict(each) | {"ratio": ratio(each, outcomes)} for each in outcomes.values()],
    }


def _markdown(
    outcomes: Mapping[str, Outcome],
    reached: Sequence[Goal],
    machine: Mapping[str, str],
    scale: Scale,
    *,
    is_quick: bool,
    drawn: Sequence[str],
) -> str:
    parts = ["# Benchmark results", ""]
    if is_quick:
        parts += [QUICK_WORDS, ""]
    parts += [
        f"Medians of {scale.rounds} interleaved rounds, {scale.requests:,} requests each over {scale.connections} "
        "connections; load generator, servers and databases share the cores. How to read this: docs/benchmark.md.",
        "",
        "## What must be reached",
        "",
        *_table(
            ("", "measured", "floor", "aim", "verdict"),
            [_goal_row(goal, is_quick=is_quick) for goal in reached],
        ),
        "",
        "## Every case",
        "",
        *_table(HEADINGS, [_row(each, outcomes) for each in outcomes.values() if each.all("rate")]),
        "",
        *_killed(outcomes.values()),
        *_pages(outcomes.values()),
    ]
    if troubles := [f"- {each.title}: {each.trouble}" for each in outcomes.values() if each.trouble]:
        parts += ["## Not measured", "", *troubles, ""]
    parts += ["## The machine", "", *_table(("", ""), list(machine.items())), ""]
    parts += [f"![{name}]({name}.svg)" for name in drawn]
    return "\n".join(parts).rstrip() + "\n"


def _killed(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the table of those who were killed, empty when nobody was."""
    rows = [
        (each.title, f"{sum(each.all('answered')):,.0f}", f"{sum(each.all('gone')):,.0f}")
        for each in outcomes
        if each.all("answered")
    ]
    headings = ("", "answered with 2xx", "known no more after the restart")
    return ["## Killed in mid-load", "", *_table(headings, rows), ""] if rows else []


def _pages(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the table of the console's pages, empty when none was opened."""
    found = [each for each in outcomes if each.all("page_p95")]
    names = (
        [name.removesuffix(PAGE_MARK) for name in found[0].samples[0].values if name.endswith(PAGE_MARK)]
        if found
        else []
    )
    rows = [
        (name, *(_cell(each.value(f"{name} {part}")) for each in found for part in ("p50", "p95")))
        for name in names
    ]
    headings = [f"{each.title}, {part} ms" for each in found for part in ("p50", "p95")]
    return ["## Pages of the console", "", *_table(("", *headings), rows), ""] if rows else []


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table whose columns also line up on a terminal."""
    all_rows = [headings, *rows]
    widths = [max(3, *(len(row[column]) for row in all_rows)) for column in range(len(headings))]
    lines = [
        "| " + " | ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) + " |"
        for row in all_rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _goal_row(goal: Goal, *, is_quick: bool) -> tuple[str, ...]:
    measured = "–" if goal.measured is None else f"{number_text(goal.measured)} {goal.unit}"
    limits = (f"{number_text(value)} {goal.unit}" for value in (goal.floor, goal.aim))
    return (goal.title, measured, *limits, "not judged" if is_quick else goal.verdict)


def _row(outcome: Outcome, outcomes: Mapping[str, Outcome]) -> tuple[str, ...]:
    rates = outcome.all("rate")
    spread = f"{number_text(min(rates))} – {number_text(max(rates))}" if rates else "–"
    share = (
        None
        if outcome.key in ("logins", "token-cache", "relay-sqlite", "relay-postgresql")
        else ratio(outcome, outcomes)
    )
    values = [outcome.value(name) for name in ("p50", "p99", "cpu_server", "cpu_database", "rss")]
    busy = outcome.value("busy")
    return (
        outcome.title + _remark(outcome),
        _cell(outcome.value("rate")),
        _cell(share),
        spread,
        *(_cell(value) for value in values),
        "–" if busy is None else f"{busy:.0%}",
        str(outcome.bad),
        str(outcome.lost),
    )


def _remark(outcome: Outcome) -> str:
    """Say what the columns have no room for."""
    share, start, peak = (outcome.value(name) for name in ("share", "start_rate", "peak"))
    if share is not None:
        return f" (× empty table: {number_text(share)}, {_cell(outcome.value('megabytes'))} MB on disk)"
    if start is not None:
        return f": callbacks; starts {number_text(start)}/s"
    if (done := outcome.value("done")) is not None:
        return f" ({done:.0%} had run when the load ended)"
    return f" (peak {number_text(peak)}/s)" if peak is not None else ""


def _cell(value: float | None) -> str:
    return "–" if value is None else number_text(value)


def charts(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    """Return the charts of what was measured, by name."""
    drawn = {
        "ingest": bar_chart(
            "Requests answered a second (blue: verified, stored, then answered)",
            "requests a second; more is better",
            _bars(outcomes, [*PEERS, *_keys(outcomes, "ingest-")], "rate"),
        ),
        "ratio": bar_chart(
            "Share of the empty Flask view of the same run",
            "× empty Flask view with as many processes; more is better",
            [
                Bar(each.title, share, is_ours=each.key not in PEERS)
                for each in outcomes.values()
                if each.key in PEERS or each.key.startswith("ingest-")
                if (share := ratio(each, outcomes)) is not None
            ],
        ),
        "end-to-end": bar_chart(
            "Accepted, run and recorded",
            "events a second until all succeeded; more is better",
            _bars(outcomes, _keys(outcomes, "end-to-end-", "forward-"), "rate"),
        ),
        "latency": bar_chart(
            "99 of 100 answers at half load came within",
            "milliseconds; less is better",
            _bars(outcomes, _keys(outcomes, "half-load-"), "p99"),
            [Mark("aim", 30), Mark("floor", 50)],
        ),
        "growth": bar_chart(
            "Speed beside stored events, against an empty table",
            "× empty table; more is better",
            _bars(outcomes, _keys(outcomes, "growth-"), "share"),
            [Mark("floor", 0.85), Mark("aim", 0.95)],
        ),
    }
    return {name: content for name, content in drawn.items() if "<rect" in content}


def _keys(outcomes: Mapping[str, Outcome], *beginnings: str) -> list[str]:
    return [key for key in outcomes if key.startswith(beginnings)]


def _bars(outcomes: Mapping[str, Outcome], keys: Sequence[str], name: str) -> list[Bar]:
    found = [outcomes[key] for key in keys if key in outcomes]
    values = [(each, each.value(name)) for each in found]
    return [Bar(each.title, value, each.key not in PEERS) for each, value in values if value is not None]
