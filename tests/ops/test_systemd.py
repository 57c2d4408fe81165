"""The units of ops/, as systemd itself reads them; no systemd runs them here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.databases import need

pytestmark = pytest.mark.services
UNITS = sorted(path.name for path in (ROOT / "ops").glob("*.service"))
MOST_EXPOSED = 15
"""Tenths: systemd calls an exposure of 1.5 or less well guarded; bare services have 9.6."""

PLACES = "/opt/callgate"


@pytest.fixture(autouse=True)
def systemd() -> None:
    need("systemd-analyze", reachable=shutil.which("systemd-analyze") is not None)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line(unit: str, tmp_path: Path) -> None:
    text = (ROOT / "ops" / unit).read_text(encoding="utf-8")
    # Installed here it would be in other places.
    here = re.sub(rf"{PLACES}\S*/flask", sys.executable, text).replace(PLACES, str(tmp_path))
    (tmp_path / unit).write_text(here, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_may_do_no_more_than_it_needs(unit: str) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager"]
    done = subprocess.run([*command, str(ROOT / "ops" / unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_both_units_are_guarded_alike() -> None:
    guards = [
        (ROOT / "ops" / unit).read_text(encoding="utf-8").partition("# What it may not do.")[2]
        for unit in UNITS
    ]
    assert len(UNITS) == 2
    assert guards[0]
    assert guards[0] == guards[1]
