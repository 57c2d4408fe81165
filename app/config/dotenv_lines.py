"""Changes one line of a `.env`: comments, order and everything else stay, and the file as it was is kept beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

BACKUP = ".before-tunnel"


def set_line(file: Path, name: str, value: str) -> Path:
    """Set a name in a `.env` and return where the copy is; raises OSError, ValueError for what is more than a line.

    Of several lines with that name the last one counts, so that one is changed. Without any, the commented default is replaced, else
    a line is added.
    """
    if not value.isprintable():
        raise ValueError(f"{name} may hold neither line ends nor control characters")
    before = file.read_bytes()
    backup, new = (file.with_name(file.name + end) for end in (BACKUP, ".new"))
    _write_anew(backup, before)
    _write_anew(new, _changed(before.decode(), name, f"{name}={value}").encode())
    shutil.copymode(file, new)
    os.replace(new, file)
    return backup


def _write_anew(file: Path, content: bytes) -> None:
    """Write a file that is its owner's alone from its first byte on."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
        made.write(content)


def _changed(text: str, name: str, line: str) -> str:
    lines = text.splitlines()
    place = _last(lines, f"{name}=") if _last(lines, f"{name}=") is not None else _last(lines, f"# {name}=")
    if place is None:
        lines.append(line)
    else:
        lines[place] = line
    return "\n".join(lines) + "\n"


def _last(lines: list[str], start: str) -> int | None:
    found = [number for number, line in enumerate(lines) if line.replace("export ", "", 1).startswith(start)]
    return found[-1] if found else None
