"""How the tests are shared among processes: what stays together, what starts first, what never runs beside more of its kind.

pytest-xdist's own `loadgroup` knows its groups by a suffix of the tests' names that pytest 9.2 does not keep, and says nothing about it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

SHARING = {
    "tests/browser/*": "one browser, and the gateway it looks at",
    "tests/web/test_hostile_requests.py*": "one live gateway and lark-oapi",
    "tests/web/test_genuine_senders.py*": "one live gateway and lark-oapi",
    "tests/platforms/feishu/test_oracle.py*": "one live gateway and lark-oapi",
    "tests/platforms/feishu/test_simulated_signer.py*": "one live gateway and lark-oapi",
    "tests/bench/test_signing.py*": "one live gateway and lark-oapi",
    "tests/relay/test_sdks.py*": "one live gateway and lark-oapi",
    "tests/sources/*": "the catalogue of sources, read and compiled once",
    "tests/worker/test_celery.py*rabbitmq*": "one gateway with RabbitMQ",
    "tests/worker/test_celery.py*redis*": "one gateway with Redis",
    "tests/worker/test_stop.py*rabbitmq*": "one gateway with RabbitMQ that is stopped",
    "tests/worker/test_stop.py*redis*": "one gateway with Redis that is stopped",
}
"""Tests that use the same costly thing, which is made once for each process: lark-oapi takes 1.5 s and 160 MB to import,
reading and compiling all sources 1.5 s."""

ONE_BY_ONE = ("tests/drills/*", "tests/worker/test_stop.py*", "tests/worker/test_processes.py*")
"""Each test has a gateway and workers of its own and spends its time waiting for them; it may run anywhere."""

LIVE = (
    *ONE_BY_ONE,
    "tests/worker/test_celery.py*",
    "tests/bench/test_beside.py*",
    "tests/browser/*",
    "tests/made_up/*",
    "tests/serving/*",
    "tests/login/checks/test_processes.py*",
    "tests/relay/test_processes.py*",
)
"""Tests with several processes of their own. Too many at once, and what they wait for doesn't come in time."""

LIVE_AT_ONCE = 3

LONGEST_FIRST = (
    "tests/drills/test_slow_surroundings.py*",
    "tests/made_up/*",
    "tests/browser/*",
    "tests/worker/test_celery.py*",
    "tests/drills/test_points.py*",
    "tests/drills/test_broker_gone.py*",
    "tests/drills/*",
    "tests/worker/*",
)
"""What would be waited for if it started last. After these the units with most tests come first."""


class Schedule(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Gives whole units to processes: the live tests to a few of them, everything else to the others, then what is left."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        self.workqueue.move_to_end(self._best_for(node), last=False)
        super()._assign_work_unit(node)

    def _best_for(self, node: WorkerController) -> str:
        """Return the unit that a process does next: of its own kind while there are any."""
        nodes = list(self.assigned_work)
        is_for_live = nodes.index(node) < min(LIVE_AT_ONCE, max(1, len(nodes) - 2))

        def order(unit: str) -> tuple[bool, int, int]:
            tests = self.workqueue[unit]
            first = next(iter(tests))
            return _matches(first, LIVE) is not is_for_live, _rank(first), -len(tests)

        return min(self.workqueue, key=order)


def unit_of(nodeid: str) -> str:
    """Return the name of the tests that run one after another in one process: a file, several files, or one test."""
    for pattern, unit in SHARING.items():
        if fnmatchcase(nodeid, pattern):
            return unit
    return nodeid if _matches(nodeid, ONE_BY_ONE) else nodeid.partition("::")[0]


def _matches(nodeid: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(nodeid, pattern) for pattern in patterns)


def _rank(nodeid: str) -> int:
    for number, pattern in enumerate(LONGEST_FIRST):
        if fnmatchcase(nodeid, pattern):
            return number
    return len(LONGEST_FIRST)
