"""Where a gateway's own files are: the working directory, or the folder that CALLGATE_HOME names.

They are `.env`, `channels.toml`, `handlers/`, `sources/`, `templates/` and `var/`. Nothing here reads or writes them. The product never ships or
tracks one of them, so that an upgrade touches none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.core.errors import ConfigurationError

HOME = "CALLGATE_HOME"
HANDLERS_FOLDER = "handlers"
SOURCES_FOLDER = "sources"
"""An operator's own descriptions of sources."""
TEMPLATES_FOLDER = "templates"
"""An operator's own templates of messages."""
SQLITE = ("sqlite:///", "sqlite+pysqlite:///")


def home_of(environment: Mapping[str, str]) -> Path:
    """Return the folder of the own files; raises ConfigurationError when the one that is named is not there."""
    named = environment.get(HOME, "").strip()
    home = Path(named)
    if named and not home.is_dir():
        raise ConfigurationError([f"{HOME}: {named} is not a folder; `flask init {named}` makes one."])
    return home


def own_path(home: Path, written: str) -> str:
    """Return a path as it is meant: a relative one begins at the own files."""
    return str(home / written)


def own_database_url(home: Path, url: str) -> str:
    """Return a database address whose relative SQLite path begins at the own files; others stay as they are."""
    for start in SQLITE:
        place = url.removeprefix(start)
        if place != url and place and not place.startswith((":memory:", "file:")):
            return start + own_path(home, place)
    return url
