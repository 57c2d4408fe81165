"""What processes of this machine have used: CPU time and memory of one and of all that came from it, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
OWN_AND_REAPED = slice(11, 15)
"""Fields of /proc/PID/stat behind the name: user and system time, of the process and of its children that have ended."""

PARENT = 1


@dataclass(frozen=True)
class Memory:
    """MB: resident, and its fair share of what is shared."""

    rss: float
    pss: float


def children(pid: int) -> list[int]:
    """Return the processes that one has started and that still run."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in path.read_text().split()]
        except OSError:
            continue
    return found


def tree(pid: int) -> list[int]:
    """Return a process and all that came from it."""
    return [pid, *(each for child in children(pid) for each in tree(child))]


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return what processes and all that came from them have used so far, those that have ended included."""
    return sum(_of_one(pid) for root in roots for pid in tree(root))


def _of_one(pid: int) -> float:
    fields = _stat(pid)
    return sum(int(word) for word in fields[OWN_AND_REAPED]) / TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the name, none for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def parent_here(pid: int, name: str) -> int | None:
    """Return the parent of a process, None when no process of that name has this number on this machine."""
    try:
        is_here = Path(f"/proc/{pid}/comm").read_text().startswith(name)
    except OSError:
        return None
    fields = _stat(pid)
    return int(fields[PARENT]) if is_here and fields else None


def memory(pid: int) -> Memory:
    """Return the memory of one process; nothing for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return Memory(0.0, 0.0)
    sizes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return Memory(int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024)
