"""Each numbered check stands in README.md beside its sentence and its tests, and every one that is required is there."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

REQUIRED = {
    *range(1, 14), *range(16, 23), *range(24, 45), *range(46, 59), *range(60, 71), *range(72, 79), *range(80, 101),
}  # fmt: skip
FOLDER = Path(__file__).parent
NAME = re.compile(r"test_check_(\d+)[a-z]?_")
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (`test_check_.+`) \|$")


def found_in_code() -> dict[int, set[str]]:
    """Return the test functions of this folder by the number in their names."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in FOLDER.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (match := NAME.match(node.name)):
                found[int(match[1])].add(node.name)
    return found


def named_in_list() -> dict[int, set[str]]:
    """Return the test functions that the list names beside each sentence."""
    rows = map(ROW.match, (FOLDER / "README.md").read_text(encoding="utf-8").splitlines())
    return {int(row[1]): set(re.findall(r"`(test_check_\w+)`", row[4])) for row in rows if row}


def test_every_required_check_has_a_test():
    assert sorted(REQUIRED - found_in_code().keys()) == []


def test_every_check_stands_beside_its_sentence():
    assert named_in_list() == found_in_code()
