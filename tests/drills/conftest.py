"""What every drill uses: an engine, a line for whoever watches, and the table at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from tests.databases import ServerDatabases, copy_of
from tests.drills.account import Result
from tests.drills.engines import ENGINES, THREADS, Engine, open_engine
from tests.drills.form import IS_ASKED_FOR, is_wanted, parameters_of
from tests.drills.results import Row, as_columns, make_row, write_page

PROPERTY = "drill"
RED = ("failed", "error", "skipped")


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever asks for an engine with each of them; which pairs are wanted is decided later."""
    if "engine" in metafunc.fixturenames:
        params = [
            pytest.param(name, marks=[] if name == THREADS.name else pytest.mark.services) for name in ENGINES
        ]
        metafunc.parametrize("engine", params, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this form does not run."""
    left_out = [item for item in items if not is_wanted(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Return the engine of this run."""
    with open_engine(str(request.param)) as opened:
        yield opened


@pytest.fixture
def sqlite_folder(tmp_path: Path) -> Path:
    """Return a folder on a real disk."""
    return tmp_path


@pytest.fixture
def empty_database(
    sqlite_folder: Path, sqlite_template: Path, server_databases: ServerDatabases
) -> Iterator[Callable[[str], str]]:
    """Return a function that gives a migrated database without rows of each kind, for drills with several at once."""
    given: list[str] = []

    def give(backend: str) -> str:
        if backend == "sqlite":
            return copy_of(sqlite_template, sqlite_folder)
        url = server_databases.url(backend)
        given.append(backend)
        return url

    yield give
    for backend in given:
        server_databases.empty(backend)


class Say:
    """Prints the line of a drill past pytest's capturing, keeps it for the table, and then judges it."""

    def __init__(self, node: pytest.Item, capsys: pytest.CaptureFixture[str]):
        self._node = node
        self._capsys = capsys
        parameters = parameters_of(node)
        self._place = (str(parameters.get("backend", "")), str(parameters.get("engine", "")))
        self._title = node.name.partition("[")[0].removeprefix("test_").replace("_", " ")

    def kept(
        self,
        result: Result,
        remark: str = "",
        *,
        title: str | None = None,
        place: tuple[str, str] | None = None,
    ) -> None:
        """Print a result; every promise must have been kept."""
        words = self._print(
            make_row(title or self._title, place or self._place, result, remark, is_kept=True), result
        )
        assert result.account.is_clean(), words

    def broken(self, result: Result, remark: str = "") -> None:
        """Print the result of a gateway without one of its guarantees; it must show."""
        words = self._print(make_row(self._title, self._place, result, remark, is_kept=False), result)
        assert not result.account.is_clean(), words

    def _print(self, row: Row, result: Result) -> str:
        title, database, engine = row.cells[:3]
        remark = row.cells[-1]
        words = f"{title} [{database}, {engine}]: {result}" + (f" · {remark}" if remark else "")
        self._node.user_properties.append((PROPERTY, astuple(row)))
        with self._capsys.disabled():
            print(f"\n{words}")  # noqa: T201 - the line is what a drill is run for
        return words


@pytest.fixture
def say(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Say:
    """Return what prints and judges the lines of this drill."""
    return Say(request.node, capsys)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and write it where `DRILL_RESULTS` says."""
    rows = printed_rows(terminalreporter)
    if not rows or not IS_ASKED_FOR:
        return
    terminalreporter.section("drills")
    terminalreporter.write_line(as_columns(rows))
    if path := os.environ.get("DRILL_RESULTS"):
        red = [f"{each.nodeid.partition('::')[2]}: {each.outcome}" for each in reports(terminalreporter, RED)]
        write_page(Path(path), rows, red)
        terminalreporter.write_line(f"Written to {path}.")


def printed_rows(terminalreporter: pytest.TerminalReporter) -> list[Row]:
    """Return the rows of all lines, in the order of their drills."""
    drills = [each for each in reports(terminalreporter, ("passed", "failed")) if each.when == "call"]
    values: list[Any] = [
        value
        for each in sorted(drills, key=lambda each: each.start)
        for name, value in each.user_properties
        if name == PROPERTY
    ]
    return [Row(is_kept=is_kept, cells=tuple(cells)) for is_kept, cells in values]


def reports(terminalreporter: pytest.TerminalReporter, outcomes: Sequence[str]) -> list[pytest.TestReport]:
    """Return the reports of this folder with these outcomes."""
    found = [each for outcome in outcomes for each in terminalreporter.stats.get(outcome, ())]
    return [each for each in found if "tests/drills/" in each.nodeid]
