"""Changes one line of a `.env`: comments, order and everything else stay, and the file as it was is kept beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

BACKUP = ".before-tunnel"


def set_line(file: Path, name: str, value: str) -> Path:
    """Set a name in a `.env` and return where the copy is; raises OSError.

    Of several lines with that name the last one counts, so that one is changed. Without any, the commented default is replaced, else
    a line is added.
    """
    before = file.read_text(encoding="utf-8")
    backup = file.with_name(file.name + BACKUP)
    shutil.copy2(file, backup)
    new = file.with_name(file.name + ".new")
    new.touch(mode=0o600)
    new.write_text(_changed(before, name, f"{name}={value}"), encoding="utf-8")
    shutil.copymode(file, new)
    os.replace(new, file)
    return backup


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
