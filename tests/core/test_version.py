"""The version is written once for people and once for programs."""

from __future__ import annotations

import tomllib

from app.core.version import VERSION
from tests.architecture.source import ROOT


def test_the_version_is_that_of_the_project() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
