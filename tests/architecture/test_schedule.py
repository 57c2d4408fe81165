"""The tests are shared among processes as the schedule says, and its patterns still meet tests."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from tests.architecture.source import ROOT
from tests.schedule import LIVE, LONGEST_FIRST, ONE_BY_ONE, SHARING, Schedule, unit_of

ORDINARY = [f"tests/inbound/test_receive.py::test_{number}" for number in range(9)]
BROWSER = ["tests/browser/test_logins.py::test_a", "tests/browser/test_callbacks.py::test_b"]
DRILLS = ["tests/drills/test_kill.py::test_a", "tests/drills/test_points.py::test_b"]


def shared_among(count: int, tests: list[str]) -> list[list[str]]:
    """Return what each process was given at first."""
    schedule = Schedule(tests, count)
    return [[tests[index] for index in schedule.give(process)] for process in range(count)]


def test_the_live_tests_go_to_all_processes_but_two() -> None:
    given = shared_among(
        4, [*ORDINARY, *BROWSER, *DRILLS, *(f"tests/core/test_{n}.py::test_a" for n in range(9))]
    )
    live = [any(fnmatchcase(test, pattern) for test in tests for pattern in LIVE) for tests in given]
    assert live == [True, True, False, False]


def test_every_test_is_given_once_and_what_is_taken_back_once_more() -> None:
    tests = [*ORDINARY, *BROWSER, *DRILLS]
    schedule = Schedule(tests, 2)
    first = schedule.give(0)
    rest = [test for given in iter(lambda: schedule.give(1), []) for test in given]
    assert sorted(first + rest) == list(range(len(tests)))
    schedule.take_back(first)
    assert [schedule.give(0), schedule.give(0)] == [first, []]


def test_what_shares_something_costly_stays_in_one_process() -> None:
    assert {unit_of(test) for test in BROWSER} == {SHARING["tests/browser/*"]}
    assert len({unit_of(test) for test in ORDINARY}) == 1
    assert len({unit_of(test) for test in DRILLS}) == len(DRILLS)


@pytest.mark.parametrize("pattern", sorted({*SHARING, *ONE_BY_ONE, *LIVE, *LONGEST_FIRST}))
def test_every_pattern_still_meets_a_file(pattern: str) -> None:
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    folder_or_file = pattern.partition(".py")[0] + (".py" if ".py" in pattern else "")
    assert any(fnmatchcase(name, folder_or_file) for name in files)
