"""Every numbered check has a test that carries its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

REQUIRED = {
    *range(1, 14), *range(16, 23), *range(24, 45), *range(46, 51), *range(53, 59), *range(60, 69), *range(72, 79),
    *range(86, 101),
}  # fmt: skip
NAME = re.compile(r"test_check_(\d+)[a-z]?_")


def checked_numbers() -> set[int]:
    """Return the numbers in the names of this folder's test functions."""
    found = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (match := NAME.match(node.name)):
                found.add(int(match[1]))
    return found


def test_every_required_check_has_a_test():
    assert sorted(REQUIRED - checked_numbers()) == []
