"""CPU time and memory of processes, read from /proc."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench import usage

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
A_CHILD_THAT_BURNS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}]); print('done', flush=True); input()"


def test_what_a_child_used_is_counted_after_it_has_ended():
    with subprocess.Popen(
        [sys.executable, "-c", A_CHILD_THAT_BURNS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = usage.cpu_seconds([process.pid])
        assert usage.tree(process.pid) == [process.pid]
        process.communicate(b"\n")
    # The kernel counts in ticks.
    assert 0.2 <= used < 5


def test_what_came_from_a_process_belongs_to_its_tree():
    with subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert usage.tree(process.pid) == [process.pid, child]
        assert process.pid in usage.tree(os.getpid())
        os.kill(child, 15)


def test_a_process_that_has_ended_has_used_nothing_and_holds_nothing():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert usage.cpu_seconds([process.pid]) == 0
    assert usage.memory(process.pid).pss == 0


def test_only_a_process_of_the_right_name_is_taken_for_the_databases():
    name = Path("/proc/self/comm").read_text().strip()
    assert usage.parent_here(os.getpid(), name) == os.getppid()
    assert usage.parent_here(os.getpid(), "postgres") is None
    assert usage.parent_here(2**22, "postgres") is None
