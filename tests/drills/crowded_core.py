"""A core of this machine that a drill's processes keep to, and programs that keep it busy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

ROUND_SECONDS = 0.1
BURN = """
import sys, time
busy, idle = map(float, sys.argv[1:])
while True:
    until = time.perf_counter() + busy
    while time.perf_counter() < until:
        pass
    time.sleep(idle)
"""


@contextmanager
def kept_to_one_core() -> Iterator[int]:
    """Have what is started in the block keep to one core; give its number."""
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, allowed)


@contextmanager
def busy_core(core: int, *, share: float, programs: int) -> Iterator[None]:
    """Have so many programs keep a core busy for that share of the time."""
    words = [str(ROUND_SECONDS * share), str(ROUND_SECONDS * (1 - share))]
    with ExitStack() as stack:
        for _ in range(programs):
            program = stack.enter_context(subprocess.Popen([sys.executable, "-S", "-c", BURN, *words]))
            stack.callback(program.kill)
            os.sched_setaffinity(program.pid, {core})
        yield
