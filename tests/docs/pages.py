"""Reads the pages that people wrote, the terminal's commands and the addresses; says nothing about what is right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import click
from flask import Flask

from app.cli.groups import COMMANDS, WITHOUT_SERVICES, make_command
from tests.architecture.source import ROOT

READMES = ("README.md", "README.zh-CN.md")
CONTRACT = "docs/contract.md"
HISTORY = ("docs/drills-results.md",)
"""Written by a program, or about what was."""

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
TITLE = re.compile(r"^## ", re.MULTILINE)
PARAMETER = re.compile(r"<[^>]*>")


@cache
def page(name: str) -> str:
    """Return the text of one page."""
    return (ROOT / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    """Return the names of the pages that tell somebody what to type."""
    docs = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
    return [*READMES, "CONTRIBUTING.md", *(name for name in docs if name not in HISTORY)]


def spans(text: str) -> list[str]:
    """Return what stands between backticks outside of blocks."""
    return SPAN.findall(FENCE.sub("", text))


def block_lines(text: str) -> list[str]:
    """Return the lines of all blocks, without comments behind them."""
    lines = [line for block in FENCE.findall(text) for line in block.splitlines()]
    return [re.sub(r"\s+#\s.*", "", line).strip() for line in lines]


def section(name: str, begin: str) -> str:
    """Return the part of a page whose title begins so."""
    (found,) = [part for part in TITLE.split(page(name)) if part.startswith(begin)]
    return found


def rows(text: str) -> list[list[str]]:
    """Return the cells of every row of the tables in a text, heads left out."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        is_head = number + 1 < len(lines) and lines[number + 1].startswith(("|---", "| ---"))
        if line.startswith("|") and not line.startswith(("|---", "| ---")) and not is_head:
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def without_names(address: str) -> str:
    """Return an address whose parameters have no names, since a page calls them as it reads best."""
    return PARAMETER.sub("<>", address)


def addresses(app: Flask) -> set[str]:
    """Return the addresses of an application, as a page writes them."""
    return {without_names(rule.rule) for rule in app.url_map.iter_rules()}


def terminal(services: Any) -> dict[str, click.Command]:
    """Return every command that can be typed behind `flask`, by its words."""
    found = dict(
        _commands((), {name: make_command(name, services) for name in (*COMMANDS, *WITHOUT_SERVICES)})
    )
    return {" ".join(words): command for words, command in found.items()}


def _commands(
    before: tuple[str, ...], named: Mapping[str, click.Command]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in named.items():
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from _commands((*before, name), command.commands)


def targets() -> set[str]:
    """Return what can be typed behind `make`."""
    return set(re.findall(r"^([a-z][a-z-]*):", page("Makefile"), re.MULTILINE))


def exists(path: str) -> bool:
    """Say whether a file or folder of the repository has this name."""
    return (ROOT / Path(path)).exists()
