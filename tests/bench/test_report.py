"""Charts, goals and tables from made-up samples."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.charts import Bar, Mark, bar_chart, number_text
from bench.goals import Goal, goals, ratio
from bench.report import write
from bench.samples import Outcome, Sample, Scale

SVG = "{http://www.w3.org/2000/svg}"


def outcome(key: str, *rates: float, **values: float) -> Outcome:
    return Outcome(key, f"Case {key}", [Sample({"rate": rate} | values) for rate in rates])


def test_a_chart_has_its_bars_labels_and_axis():
    text = bar_chart("A <title>", "events & more", [Bar("one", 50), Bar("two", 100, is_ours=False)])
    root = ElementTree.fromstring(text)
    bars = root.findall(f"{SVG}rect")
    words = [element.text for element in root.findall(f"{SVG}text")]
    assert [bar.get("class") for bar in bars] == ["ours", "peer"]
    assert float(bars[1].get("width", 0)) == pytest.approx(2 * float(bars[0].get("width", 0)), abs=0.2)
    assert {"A <title>", "events & more", "one", "two", "0"} <= set(words)
    assert "prefers-color-scheme: dark" in text


def test_marks_and_bars_stay_inside_the_picture():
    root = ElementTree.fromstring(
        bar_chart("t", "a", [Bar("one", 3.3)], [Mark("floor", 80), Mark("aim", 50)])
    )
    lines = [line for line in root.findall(f"{SVG}line") if line.get("class") == "mark"]
    assert len(lines) == 2
    assert all(360 < float(line.get("x1", 0)) <= 810 for line in lines)


@pytest.mark.parametrize("values", [[], [0.0], [0.004], [1234567.0]])
def test_a_chart_of_any_values_can_be_drawn(values: list[float]):
    ElementTree.fromstring(bar_chart("t", "a", [Bar("one", value) for value in values]))


def test_numbers_have_as_many_digits_as_they_deserve():
    assert [number_text(value) for value in (0, 0.256, 12.34, 4321.9)] == ["0", "0.26", "12.3", "4,322"]


@pytest.mark.parametrize(
    ("measured", "least", "verdict"),
    [
        (None, True, "not measured"),
        (12.0, True, "aim met"),
        (7.0, True, "floor met, aim missed"),
        (3.0, True, "floor missed"),
    ],
)
def test_a_goal_says_whether_it_is_met(measured: float | None, least: bool, verdict: str):
    assert Goal("speed", measured, 5, 10, "/s", least).verdict == verdict


def test_where_less_is_better_the_limits_turn_round():
    verdicts = [Goal("p99", value, 80, 50, "ms", least=False).verdict for value in (40, 60, 90)]
    assert verdicts == ["aim met", "floor met, aim missed", "floor missed"]


def test_ratios_use_medians_and_a_peer_with_as_many_processes():
    cases = [
        outcome("empty", 90, 100, 500),
        outcome("empty-2", 200),
        outcome("ingest-postgresql-callback", 50),
    ]
    cases.append(outcome("ingest-postgresql-callback-2", 50))
    outcomes = {each.key: each for each in cases}
    assert ratio(outcomes["ingest-postgresql-callback"], outcomes) == 0.5
    assert ratio(outcomes["ingest-postgresql-callback-2"], outcomes) == 0.25


def test_what_was_not_measured_is_not_claimed():
    assert {goal.verdict for goal in goals({})} == {"not measured"}


def test_results_are_written_in_every_form(tmp_path: Path):
    cases = [outcome("empty", 100), outcome("ingest-sqlite-callback", 40, p50=1.0, p99=2.0, rss=100.0)]
    cases.append(Outcome("webhook", "Debian's webhook", trouble="skipped: it is not installed"))
    outcomes = {each.key: each for each in cases}
    text = write(tmp_path, outcomes, machine={"cores": "2"}, scale=Scale(), is_quick=False)
    assert text == (tmp_path / "results.md").read_text()
    assert "skipped: it is not installed" in text
    assert "floor missed" in text
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["cases"][1]["ratio"] == 0.4
    ElementTree.fromstring((tmp_path / "ingest.svg").read_text())


def test_a_quick_run_judges_nothing(tmp_path: Path):
    outcomes = {"empty": outcome("empty", 100), "end-to-end-sqlite": outcome("end-to-end-sqlite", 5000)}
    text = write(tmp_path, outcomes, machine={}, scale=Scale(), is_quick=True)
    assert "mean nothing" in text
    assert "aim met" not in text


def test_those_who_were_killed_have_a_table_of_their_own(tmp_path: Path):
    killed = Outcome("kill-rq", "RQ: killed", [Sample({"answered": 1200.0, "gone": 7.0})])
    text = write(tmp_path, {"kill-rq": killed}, machine={}, scale=Scale(), is_quick=False)
    assert "## Killed in mid-load" in text
    (row,) = [line for line in text.splitlines() if "RQ: killed" in line]
    assert [cell.strip() for cell in row.split("|")[2:4]] == ["1,200", "7"]


def test_how_busy_the_generator_was_and_what_a_thousand_cost_stand_in_the_row(tmp_path: Path):
    case = outcome("fastapi", 100, busy=0.125, cpu_server=310.0, cpu_database=145.0)
    text = write(tmp_path, {"fastapi": case}, machine={}, scale=Scale(), is_quick=False)
    (row,) = [line for line in text.splitlines() if "Case fastapi" in line]
    assert {"310", "145", "12%"} <= {cell.strip() for cell in row.split("|")}


def test_platforms_are_judged_against_callback_on_the_same_database():
    rates = {"ingest-sqlite-callback": 100, "ingest-sqlite-feishu": 70, "ingest-postgresql-feishu": 70}
    found = {goal.title: goal for goal in goals({key: outcome(key, rate) for key, rate in rates.items()})}
    sqlite = found["encrypted Feishu against `callback`, SQLite"]
    assert (sqlite.measured, sqlite.verdict) == (0.7, "floor met, aim missed")
    assert found["encrypted Feishu against `callback`, PostgreSQL"].verdict == "not measured"
