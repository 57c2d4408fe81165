"""How the tests are shared among processes: what stays together, what starts first, what never runs beside more of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

SHARING = {
    "tests/browser/*": "one browser, and the gateway it looks at",
    "tests/web/test_hostile_requests.py*": "one live gateway and lark-oapi",
    "tests/web/test_genuine_senders.py*": "one live gateway and lark-oapi",
    "tests/platforms/feishu/test_oracle.py*": "one live gateway and lark-oapi",
    "tests/platforms/feishu/test_simulated_signer.py*": "one live gateway and lark-oapi",
    "tests/bench/test_signing.py*": "one live gateway and lark-oapi",
    "tests/relay/test_sdks.py*": "one live gateway and lark-oapi",
    "tests/issuer/real/*": "one provider, and the simulator that is its login",
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
    "tests/callers/*",
    "tests/openapi/test_newman.py*",
    "tests/issuer/real/*",
    "tests/telemetry/test_live.py*",
    "tests/upkeep/test_database_copy_command.py*",
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


class Schedule:
    """Gives whole units to processes: the live tests to a few of them, everything else to the others, then what is left."""

    def __init__(self, names: Sequence[str], processes: int):
        self._names = names
        self._for_live = min(LIVE_AT_ONCE, max(1, processes - 2))
        self._units: dict[str, list[int]] = {}
        for test, name in enumerate(names):
            self._units.setdefault(unit_of(name), []).append(test)
        self._orders = {unit: self._order(tests) for unit, tests in self._units.items()}

    def _order(self, tests: Sequence[int]) -> tuple[bool, int, int]:
        first = self._names[tests[0]]
        return _matches(first, LIVE), _rank(first), -len(tests)

    def give(self, process: int) -> list[int]:
        """Return the tests that a process does next, none when nothing is left."""
        if not self._units:
            return []
        wants_live = process < self._for_live

        def order(unit: str) -> tuple[bool, int, int]:
            is_live, rank, size = self._orders[unit]
            return is_live is not wants_live, rank, size

        return self._units.pop(min(self._units, key=order))

    def take_back(self, tests: Iterable[int]) -> None:
        """Keep for another process what one had been given and never did."""
        for test in tests:
            unit = unit_of(self._names[test])
            self._units.setdefault(unit, []).append(test)
            self._orders[unit] = self._order(self._units[unit])


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
