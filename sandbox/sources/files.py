"""The descriptions: the TOML files that lie in the gateway, read as plain tables."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "app" / "platforms" / "sources"


@cache
def slugs() -> tuple[str, ...]:
    """Returns the slug of every source."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def source(slug: str) -> dict[str, Any]:
    """Returns one description; raises KeyError when there is none."""
    path = FOLDER / f"{slug}.toml"
    if slug not in slugs():
        raise KeyError(slug)
    return tomllib.loads(path.read_text(encoding="utf-8"))
