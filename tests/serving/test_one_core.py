"""A serving process keeps to one core, several to different ones, and all make room for strangers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.serving.one_core import Look, choose
from tests.live import ROOT, LiveGateway
from tests.worker.stage import gateway_environment, wait_for

several_cores = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="there is only one core"
)


def cores_of_threads(pid: int) -> list[set[int]]:
    """Return the cores that each thread of a process may run on."""
    return [os.sched_getaffinity(int(task)) for task in os.listdir(f"/proc/{pid}/task")]


def cores_of(pid: int) -> set[int]:
    """Return the cores that any thread of a process may run on."""
    return set().union(*cores_of_threads(pid))


@several_cores
@pytest.mark.backends("postgresql")
def test_every_thread_of_a_serving_process_is_on_one_core(tmp_path: Path, database_url: str) -> None:
    with LiveGateway(tmp_path, database_url=database_url, env=gateway_environment(tmp_path)) as gateway:
        (serving,) = gateway.children()
        assert len(cores_of_threads(serving)) > 10
        assert len(cores_of(serving)) == 1
        assert len(cores_of(gateway.pid)) > 1


@several_cores
def test_on_sqlite_the_thread_that_copies_the_log_may_use_the_others(tmp_path: Path) -> None:
    with LiveGateway(tmp_path, env=gateway_environment(tmp_path)) as gateway:
        (serving,) = gateway.children()
        roaming = [cores for cores in cores_of_threads(serving) if len(cores) > 1]
        assert roaming == [os.sched_getaffinity(0)]


@several_cores
def test_a_serving_process_may_use_all_cores_when_told_so(tmp_path: Path) -> None:
    env = gateway_environment(tmp_path, SERVE_ON_ONE_CORE="0")
    with LiveGateway(tmp_path, env=env) as gateway:
        (serving,) = gateway.children()
        assert cores_of(serving) == os.sched_getaffinity(0)


@several_cores
@pytest.mark.backends("postgresql")
def test_two_serving_processes_are_on_different_cores(tmp_path: Path, database_url: str) -> None:
    env = gateway_environment(tmp_path)
    with LiveGateway(tmp_path, database_url=database_url, workers=2, env=env) as gateway:
        first, second = gateway.children()
        wait_for(lambda: [len(cores_of(first)), len(cores_of(second))] == [1, 1])
        wait_for(lambda: cores_of(first) != cores_of(second))


QUIET = {0: 0.1, 1: 0.1}


@pytest.mark.parametrize(
    ("look", "gives_way", "wanted"),
    [
        (Look(QUIET, own=0.1), True, 0),
        (Look({0: 1.0, 1: 0.6}, own=0.9), True, 0),
        (Look({0: 1.0, 1: 0.1}, own=0.4), True, 1),
        (Look({0: 1.0, 1: 0.5}, own=0.4), True, 0),
        (Look({0: 1.0, 1: 0.1}, own=0.4, siblings=[1]), True, 0),
        (Look(QUIET, own=0.1, siblings=[0]), True, 1),
        (Look(QUIET, own=0.1, siblings=[0]), False, 0),
        (Look(QUIET, own=0.1, siblings=[0, 1]), True, 0),
        (Look({0: 1.0}, own=0.1), True, 0),
    ],
    ids=[
        "nothing-to-gain",
        "busy-with-itself",
        "a-stranger-is-here",
        "elsewhere-it-is-as-crowded",
        "a-sibling-has-the-other",
        "two-siblings-met-and-this-one-goes",
        "two-siblings-met-and-this-one-stays",
        "siblings-everywhere",
        "there-is-no-other",
    ],
)
def test_a_core_is_left_only_for_a_better_one(look: Look, gives_way: bool, wanted: int) -> None:
    assert choose(0, look, gives_way=gives_way) == wanted


def test_of_several_free_cores_the_least_busy_is_chosen() -> None:
    look = Look({0: 1.0, 1: 0.3, 2: 0.05, 3: 0.0}, own=0.4, siblings=[3])
    assert choose(0, look) == 2


MOVE = """
import os, threading
from app.serving.one_core import OneCore
for _ in range(3):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
roaming = threading.Thread(target=threading.Event().wait, daemon=True)
roaming.start()
keeper = OneCore([roaming.native_id])
for core in sorted(os.sched_getaffinity(0))[:2]:
    keeper._settle(core)
    tied = [task for task in map(int, os.listdir("/proc/self/task")) if os.sched_getaffinity(task) == {core}]
    print(roaming.native_id not in tied, len(tied))
"""


@several_cores
def test_a_process_that_moves_takes_along_all_threads_that_do_not_roam() -> None:
    done = subprocess.run([sys.executable, "-c", MOVE], capture_output=True, text=True, cwd=ROOT, check=True)
    assert re.findall(r"^True \d+", done.stdout, re.MULTILINE) == ["True 4", "True 4"]
