"""CONTRIBUTING.md lists the folders; the list is held against the tree."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.source import modules, repository_files, text

LISTED = re.compile(r"^\| `([a-z_/]+)/` \|", re.MULTILINE)
HIDDEN = {".ci"}


def listed_folders() -> list[str]:
    """Return the folders of the table, in its order."""
    return LISTED.findall(text(Path("CONTRIBUTING.md")))


def folders_of_code() -> set[str]:
    """Return the folders of app/ that hold modules; one for each platform is not listed, they are found by listing."""
    folders = {path.parent.as_posix() for path in modules("app")} - {"app"}
    return {folder for folder in folders if not folder.startswith("app/platforms/")}


def test_every_folder_is_listed_and_every_listed_folder_is_there() -> None:
    top = {path.parts[0] for path in repository_files() if len(path.parts) > 1} - HIDDEN - {"app"}
    assert set(listed_folders()) == folders_of_code() | top


def test_no_folder_is_listed_twice() -> None:
    assert len(listed_folders()) == len(set(listed_folders()))
