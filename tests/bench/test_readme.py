"""The table and the chart of the two READMEs, from made-up samples."""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import readme
from bench.__main__ import _arguments, _is_for_the_readme, main
from bench.samples import Outcome, Sample, Scale

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with copies of the READMEs and a place for results."""
    for name in readme.LANGUAGES.values():
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "results").mkdir()
    return tmp_path


def outcomes() -> dict[str, Outcome]:
    values = {"p99": 20.0, "cpu_server": 250.0, "cpu_database": 100.0, "whole_pss": 110.0, "busy": 0.04}
    cases = [
        Outcome("empty", "", [Sample({"rate": rate} | values) for rate in (9000, 10_000, 11_000)]),
        Outcome("ingest-sqlite-callback", "", [Sample({"rate": 5000} | values)]),
        Outcome("rq", "", [Sample({"rate": 1500, "busy": 0.07})]),
        Outcome("kill-gateway-sqlite", "", [Sample({"answered": 4000, "gone": 0})]),
        Outcome("kill-rq", "", [Sample({"answered": 1400, "gone": 1})]),
        Outcome("kill-redis-rq", "", [Sample({"answered": 1300, "gone": 1290})]),
        Outcome("webhook", "", trouble="skipped: it is not installed"),
    ]
    return {each.key: each for each in cases}


def write(root: Path) -> None:
    readme.write(root, root / "results", outcomes(), scale=Scale(), date="2026-01-02")


def row(root: Path, name: str, words: str) -> list[str]:
    (line,) = [
        line for line in (root / name).read_text().splitlines() if line.startswith("|") and words in line
    ]
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_both_readmes_get_the_figures_between_their_marks_and_keep_the_rest(root: Path):
    before = {name: (root / name).read_text() for name in readme.LANGUAGES.values()}
    write(root)
    for name, text in before.items():
        now = (root / name).read_text()
        assert now.partition(readme.BEGIN)[0] == text.partition(readme.BEGIN)[0]
        assert now.partition(readme.END)[2] == text.partition(readme.END)[2]
        assert "10,000 (9,000 – 11,000)" in now
    write(root)
    assert now == (root / name).read_text()


@pytest.mark.parametrize(
    ("name", "words", "durable", "lost"),
    [
        ("README.md", "SQLite: stored only", "event and dispatch, on disk", "0 of 4,000"),
        ("README.zh-CN.md", "SQLite：只存储", "事件与派发，已落盘", "4,000 个中的 0 个"),
    ],
)
def test_a_row_says_rate_share_cost_durability_and_loss(
    root: Path, name: str, words: str, durable: str, lost: str
):
    write(root)
    assert row(root, name, words)[1:] == [
        "5,000 (5,000 – 5,000)",
        "0.50",
        "20.0",
        "250 + 100",
        "110",
        durable,
        lost,
    ]


def test_what_redis_lost_stands_beside_what_its_client_lost(root: Path):
    write(root)
    assert row(root, "README.md", "Flask + RQ")[-1] == "1 of 1,400; Redis killed: 1,290 of 1,300"


def test_what_was_not_measured_is_said_and_not_left_out(root: Path):
    write(root)
    assert row(root, "README.md", "Debian")[1] == "not measured"
    assert row(root, "README.zh-CN.md", "Express")[1] == "未测"


def test_the_busiest_moment_of_the_generator_is_told(root: Path):
    write(root)
    assert "7% of one core" in (root / "README.md").read_text()


def test_each_language_has_its_chart(root: Path):
    write(root)
    for language, name in readme.LANGUAGES.items():
        picture = root / "results" / readme.PICTURE[language]
        assert (
            len(ElementTree.fromstring(picture.read_text()).findall("{http://www.w3.org/2000/svg}rect")) == 3
        )
        assert f"](results/{picture.name})" in (root / name).read_text()


def test_without_marks_in_one_readme_none_is_written(root: Path):
    (root / "README.zh-CN.md").write_text("# No place\n")
    before = (root / "README.md").read_text()
    with pytest.raises(readme.NoMarks, match=r"README\.zh-CN\.md"):
        write(root)
    assert (root / "README.md").read_text() == before
    assert (root / "README.zh-CN.md").read_text() == "# No place\n"
    assert not list((root / "results").iterdir())


def test_every_case_that_the_table_needs_exists(capsys: pytest.CaptureFixture[str]):
    assert main(["--list", "--readme"]) == 0
    listed = capsys.readouterr().out.split()
    assert [pattern for pattern in readme.CASES if not any(fnmatchcase(key, pattern) for key in listed)] == []


@pytest.mark.parametrize("more", [["--quick"], ["--only", "empty"], ["--out", "elsewhere"]])
def test_only_a_whole_run_may_write_the_readmes(more: list[str]):
    assert _is_for_the_readme(_arguments(["--readme"]))
    assert not _is_for_the_readme(_arguments(["--readme", *more]))
    assert not _is_for_the_readme(_arguments([]))
