"""One quick case from end to end: real servers, a real SQLite file, every form of report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.growth import fill
from bench.load import Result, together
from bench.stores import Store


@pytest.mark.timeout(180)
def test_a_quick_run_measures_and_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "results"
    words = ["--quick", "--requests", "40", "--only", "ingest-sqlite-callback", "--growth", ""]
    assert main([*words, "--out", str(out), "--folder", str(tmp_path)]) == 0
    found = {case["key"]: case for case in json.loads((out / "results.json").read_text())["cases"]}
    assert set(found) == {"empty", "ingest-sqlite-callback"}
    for case in found.values():
        (sample,) = case["samples"]
        assert (sample["bad"], sample["lost"]) == (0, 0)
        assert sample["values"]["rate"] > 0
        assert sample["values"]["rss"] > 10
    assert "SQLite: callback" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@pytest.mark.timeout(180)
def test_growth_loads_a_filled_and_an_empty_table_in_turns(tmp_path: Path):
    out = tmp_path / "results"
    words = ["--quick", "--requests", "40", "--only", "growth-sqlite-50", "--growth", "50"]
    assert main([*words, "--out", str(out), "--folder", str(tmp_path)]) == 0
    found = {case["key"]: case for case in json.loads((out / "results.json").read_text())["cases"]}
    (sample,) = found["growth-sqlite-50"]["samples"]
    values = sample["values"]
    assert sample["bad"] == 0
    assert values["share"] == pytest.approx(values["rate"] / values["empty_rate"])
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@pytest.mark.timeout(180)
def test_every_page_of_the_console_is_opened_over_filled_tables(tmp_path: Path):
    out = tmp_path / "results"
    words = ["--quick", "--requests", "40", "--only", "console-sqlite", "--growth", ""]
    assert main([*words, "--out", str(out), "--folder", str(tmp_path)]) == 0
    found = {case["key"]: case for case in json.loads((out / "results.json").read_text())["cases"]}
    (sample,) = found["console-sqlite"]["samples"]
    values = sample["values"]
    assert sample["bad"] == 0
    assert values["page_p95"] == max(value for name, value in values.items() if name.endswith(" p95"))
    assert len([name for name in values if name.endswith(" p95")]) > 35
    assert "events, state dead" in (out / "results.md").read_text()


def test_runs_in_pieces_count_as_one_without_the_time_between_them():
    first = Result(seconds=1.0, statuses={200: 3}, latencies=[0.1, 0.2, 0.3])
    second = Result(seconds=2.0, statuses={200: 3, 503: 1}, latencies=[0.4], unanswered=1)
    whole = together([first, second])
    assert (whole.seconds, whole.good, whole.bad, whole.per_second) == (3.0, 6, 2, 2.0)
    assert whole.latencies == [0.1, 0.2, 0.3, 0.4]


def test_the_cases_can_be_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["--list", "--only", "growth-sqlite-*", "--growth", "0,1000"]) == 0
    assert capsys.readouterr().out.split() == ["empty", "growth-sqlite-0", "growth-sqlite-1000"]


def test_filled_events_are_whole_and_added_step_by_step(tmp_path: Path, sqlite_template: Path):
    store = Store("sqlite", "fill", tmp_path)
    Path(store.url.removeprefix("sqlite:///")).write_bytes(sqlite_template.read_bytes())
    for upto in (30, 50, 50):
        fill(store, upto=upto, body=16)
    questions = {
        "SELECT count(*) FROM events WHERE claim = key AND length(id) = 32 AND length(body) = 16": 50,
        "SELECT count(*) FROM dispatches JOIN events ON events.id = event_id": 50,
        "SELECT count(*) FROM attempts JOIN dispatches ON dispatches.id = dispatch_id": 50,
    }
    assert {question: store.number(question) for question in questions} == questions
    assert not store.unfinished()
    store.drop()
    assert not list(tmp_path.iterdir())
