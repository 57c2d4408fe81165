"""Reads the repository's own files for the tests of its shape."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def repository_files() -> tuple[Path, ...]:
    """Return every file that is tracked or about to be, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(Path(name) for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file())


def modules(*folders: str) -> list[Path]:
    """Return the Python files in these top-level folders."""
    return [path for path in repository_files() if path.suffix == ".py" and path.parts[0] in folders]


@cache
def text(path: Path) -> str:
    """Return a file's text; bytes that are no text are dropped."""
    return (ROOT / path).read_text(encoding="utf-8", errors="ignore")


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(text(path), filename=str(path))


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of each call, such as `(12, "self.engine.begin")`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)
