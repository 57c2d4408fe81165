"""The only place that reads the process environment and `.env`; the real environment always wins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from dotenv import dotenv_values, find_dotenv

from app.config.home import HOME, home_of
from app.core.errors import ConfigurationError

DOTENV = ".env"
AT_START = Path("/proc/self/environ")


class Environment(dict[str, str]):
    """The environment with what `.env` adds to it; `written` are the names that come from that file."""

    written: frozenset[str] = frozenset()


def read_environment(dotenv: Path | None = None) -> Environment:
    """Return the environment laid over the `.env` of the own files; raises ConfigurationError.

    A byte-order mark, as editors on Windows write it, is dropped by the library that reads the file.
    """
    dotenv = dotenv or own_folder() / DOTENV
    try:
        from_file = _values(dotenv) if dotenv.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{dotenv} cannot be read ({error.__class__.__name__})."]) from None
    if from_file.get(HOME) and HOME not in os.environ:
        raise ConfigurationError(
            [f"{HOME} is written in {dotenv}, but says where that file is; set it in the environment itself."]
        )
    written = {key: value for key, value in from_file.items() if value is not None}
    found = Environment(written | dict(os.environ))
    found.written = frozenset(written.keys() - os.environ.keys())
    return found


def own_folder() -> Path:
    """Return the folder of this process's own files; raises ConfigurationError when the named one is not there."""
    return home_of(os.environ)


def own_folder_or_none() -> Path | None:
    """Return the folder of this process's own files, None when the named one is not there."""
    try:
        return own_folder()
    except ConfigurationError:
        return None


def named_home() -> str:
    """Return what CALLGATE_HOME names, whether it is there or not."""
    return os.environ.get(HOME, "").strip()


def environment_with_home(home: Path) -> dict[str, str]:
    """Return the process environment for a program that is to use these own files."""
    return {**os.environ, HOME: str(home)}


def take_back_dotenv() -> None:
    """Take out of the process environment what the program `flask` has put there from a `.env` file.

    It reads the one of the working directory or of a folder above it. Those lines would pass for the real environment:
    they would win over the own files of another CALLGATE_HOME, and an edited `.env` would have no effect at a reload.
    """
    found = find_dotenv(DOTENV, usecwd=True)
    if not found:
        return
    at_start = _environment_at_start()
    for name, value in _values(Path(found)).items():
        if name not in at_start and value is not None and os.environ.get(name) == value:
            del os.environ[name]


def _values(file: Path) -> Mapping[str, str | None]:
    """Return what a file says. A start asks twice, and reading one of development takes 20 ms; a file that was changed is read again."""
    seen = file.stat()
    return _read(file.absolute(), seen.st_mtime_ns, seen.st_size, seen.st_ino)


@lru_cache(maxsize=2)
def _read(file: Path, *_version: int) -> Mapping[str, str | None]:
    return dotenv_values(file, encoding="utf-8")


def _environment_at_start() -> frozenset[str]:
    """Return the names this process was started with; nothing where the system does not tell."""
    try:
        pairs = AT_START.read_bytes().split(b"\0")
    except OSError:
        return frozenset()
    return frozenset(pair.partition(b"=")[0].decode("utf-8", "replace") for pair in pairs)
