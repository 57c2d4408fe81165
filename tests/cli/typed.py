"""Types a command of ours, in a process of its own: what sets up the log of a whole process has no place in that of the tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.programs import run_program

ROOT = Path(__file__).resolve().parents[2]


class Typed(NamedTuple):
    """What came of it; `output` is what a person sees."""

    exit_code: int
    stdout: str
    output: str


def flask(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> Typed:
    """Run `flask …` in a folder, with nothing in its environment but what is given."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **(env or {})}
    done = run_program(
        ["flask", "--app", str(ROOT / "wsgi.py"), *words], folder=folder, environment=environment
    )
    return Typed(done.returncode, done.stdout, done.stdout + done.stderr)
