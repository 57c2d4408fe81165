"""One core for each serving process: a thread that keeps its threads there, and moves them when it is crowded.

Python runs one thread at a time, so more cores add nothing to a serving process, but its lock then wanders between
them, and each time a sleeping core is woken. On one core a callback costs half as much (docs/decisions/0018-one-core.md).
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

LOOK_SECONDS = 2.0
CROWDED = 0.25
"""The share of a core that somebody else has to use before it is left, and that has to be gained by that."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """How busy each core was lately, from 0 to 1, this process's share of its own, and where its siblings are."""

    busy: Mapping[int, float]
    own: float
    siblings: Collection[int] = ()

    def freest(self, cores: Collection[int]) -> int:
        """Return the core with the fewest siblings, and of those the least busy one."""
        return min(cores, key=lambda core: (list(self.siblings).count(core), self.busy[core], core))


def choose(current: int, look: Look, *, gives_way: bool = True) -> int:
    """Return the core to be on; of siblings that meet on one only those that give way look for another."""
    others = [core for core in look.busy if core != current]
    if not others:
        return current
    best = look.freest(others)
    if current in look.siblings and best not in look.siblings:
        return best if gives_way else current
    strangers = look.busy[current] - look.own
    gain = look.busy[current] - (look.busy[best] + look.own)
    return best if strangers > CROWDED and gain > CROWDED and best not in look.siblings else current


class OneCore:
    """Keeps this process on one of the cores it may use; does nothing where there is only one or they cannot be chosen.

    Threads of which `roaming` has the kernel's numbers stay as they are.
    """

    def __init__(self, roaming: Collection[int] = ()) -> None:
        self._roaming = roaming
        allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        self._allowed = allowed if Path("/proc/stat").exists() else set()
        self._core = -1
        self._times: dict[int, tuple[int, int]] = {}
        self._own_seconds = 0.0
        self._looked_at = 0.0

    def start(self) -> None:
        """Settle before the server makes its threads, which are born where their parent is, and look now and then."""
        if len(self._allowed) > 1:
            self._settle(self._first_core())
            threading.Thread(target=self._loop, name="one-core", daemon=True).start()

    def _first_core(self) -> int:
        """Return a core where no sibling is; several that start at the same time count themselves off."""
        siblings, cores = _siblings(), sorted(self._allowed)
        taken = [_core_of(pid) for pid in siblings]
        elder = sum(1 for pid in siblings if pid < os.getpid())
        start = (os.getppid() + elder) % len(cores)
        return min(cores[start:] + cores[:start], key=taken.count)

    def _loop(self) -> None:
        pause = threading.Event()
        with contextlib.suppress(OSError):
            self._look()
        while True:
            pause.wait(LOOK_SECONDS)
            with contextlib.suppress(OSError):
                self._settle(choose(self._core, self._look(), gives_way=self._gives_way()))

    def _look(self) -> Look:
        """Read the kernel's counters; shares count from the look before."""
        now, own_seconds, times = time.monotonic(), time.process_time(), _core_times(self._allowed)
        busy = {}
        for core, (used, total) in times.items():
            used_before, total_before = self._times.get(core, (0, 0))
            busy[core] = (used - used_before) / max(1, total - total_before)
        own = (own_seconds - self._own_seconds) / max(0.001, now - self._looked_at)
        self._times, self._own_seconds, self._looked_at = times, own_seconds, now
        return Look(busy, own, [core for core in map(_core_of, _siblings()) if core is not None])

    def _gives_way(self) -> bool:
        """Of two on the same core the younger one moves."""
        here = [pid for pid in _siblings() if _core_of(pid) == self._core]
        return any(pid < os.getpid() for pid in here)

    def _settle(self, core: int) -> None:
        """Move there every thread that does not roam."""
        if core == self._core:
            return
        log.debug("core_chosen", core=core)
        self._core = core
        for task in map(int, os.listdir("/proc/self/task")):
            if task not in self._roaming:
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(task, {core})


def _core_times(allowed: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return ticks used and ticks in all for each core; waiting for a disk counts as free."""
    times = {}
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *words = line.split()
        if not name.startswith("cpu") or not name[3:].isdigit() or int(name[3:]) not in allowed:
            continue
        ticks = [int(word) for word in words[:8]]
        times[int(name[3:])] = (sum(ticks) - ticks[3] - ticks[4], sum(ticks))
    return times


def _siblings() -> list[int]:
    """Return the other processes of the same parent."""
    found = []
    for path in Path(f"/proc/{os.getppid()}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in path.read_text(encoding="ascii").split()]
    return [pid for pid in found if pid != os.getpid()]


def _core_of(pid: int) -> int | None:
    """Return the core a process keeps to, None for one that may use several."""
    try:
        cores = os.sched_getaffinity(pid)
    except OSError:
        return None
    return next(iter(cores)) if len(cores) == 1 else None
