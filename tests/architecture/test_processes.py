"""Tests run in several processes as they do in one: nothing is lost, and a process that dies takes one test with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

CONFTEST = """
import os
import pytest
from tests import processes

def pytest_addoption(parser):
    processes.add_option(parser)

def pytest_configure(config):
    processes.configure(config)

@pytest.fixture(scope="session")
def costly(pytestconfig):
    name = processes.name_of_process(pytestconfig)
    with open("log", "a") as log:
        log.write(f"open {name}\\n")
    yield name
    with open("log", "a") as log:
        log.write(f"close {name}\\n")
"""
TESTS = """
import os, signal, warnings
import pytest

@pytest.mark.parametrize("number", range(20))
def test_passes(number, costly, tmp_path, capsys):
    print("captured")
    assert capsys.readouterr().out == "captured\\n"
    (tmp_path / "file").touch(exist_ok=False)

def test_fails(costly):
    print("said before")
    assert "\\ud800" == "other"

def test_dies(costly):
    os.kill(os.getpid(), signal.SIGKILL)

def test_comes_after_it(costly):
    pass

def test_warns(costly):
    warnings.warn("old ways")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two files of the same tests."""
    (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
    for name in ("test_one.py", "test_two.py"):
        (tmp_path / name).write_text(TESTS, "utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> str:
    """Return what pytest says of the tests in a folder."""
    blocked = ("-p", "no:xdist", "-p", "no:xdist.looponfail", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-n", "2", *blocked, *words]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False).stdout.decode()


def test_what_several_processes_find_is_what_one_would_find(folder: Path) -> None:
    said = run(folder, "-rf")
    assert "4 failed, 44 passed, 2 warnings" in said, said
    assert said.count("the process of this test ended with -9") >= 2
    assert "FAILED test_two.py::test_fails" in said
    assert "said before" in said
    assert "UserWarning: old ways" in said
    log = (folder / "log").read_text("utf-8").splitlines()
    # Each process opens it once; the one that took over from a killed one opens it again.
    assert {line.split()[0] for line in log} == {"open", "close"}
    assert log.count("open p0") + log.count("open p1") == log.count("close p0") + log.count("close p1") + 2


def test_all_processes_end_at_the_first_failure_and_clean_up(folder: Path) -> None:
    said = run(folder, "-x", "-k", "passes or fails", "--deselect", "test_two.py::test_fails")
    assert "1 failed" in said, said
    assert "stopping after 1 failures" in said
    log = (folder / "log").read_text("utf-8").split()
    assert log.count("open") == log.count("close")
