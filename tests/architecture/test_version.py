"""The version is written in two places, and both say the same."""

from __future__ import annotations

import tomllib

from app import VERSION
from tests.architecture.source import ROOT


def test_the_package_and_its_project_have_the_same_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == VERSION
