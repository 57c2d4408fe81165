"""The two forms of the drills, and on which databases and engines each drill runs in either of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import pytest

LONG = os.environ.get("DRILL_SIZE") == "long"
IS_ASKED_FOR = "DRILL_SIZE" in os.environ
"""Whether drills are what somebody runs, and not a part of the tests."""


def sized(short: int, long: int) -> int:
    """Return how much of something this form of the drills takes."""
    return long if LONG else short


LEASE_SECONDS = sized(6, 30)
"""The long form has the real one where a server or a worker is killed."""
SHORTER_LEASE_SECONDS = sized(6, 12)
QUICK_LEASE_SECONDS = 6

EMBEDDED = ("sqlite-embedded", "postgresql-embedded", "mariadb-embedded")
CELERY = ("sqlite-rabbitmq", "postgresql-rabbitmq", "mariadb-redis")
EVERYWHERE = (*EMBEDDED, *CELERY)


def drill_marks() -> list[pytest.MarkDecorator]:
    """Return the marks of every drill: each needs several processes, so they run one after another."""
    patience = pytest.mark.timeout(sized(240, 900))
    return [pytest.mark.drill, patience]


def runs_on(*short: str, long: Sequence[str] = EVERYWHERE) -> pytest.MarkDecorator:
    """Run on these pairs of database and engine in the short form, on all of `long` in the long one."""
    return pytest.mark.drill(*(long if LONG else short))


def is_wanted(item: pytest.Item) -> bool:
    """Say whether this form runs a test on its database and engine; one without them it always runs."""
    parameters = parameters_of(item)
    if "engine" not in parameters:
        return True
    pairs = {pair for mark in item.iter_markers("drill") for pair in mark.args}
    return f"{parameters.get('backend')}-{parameters['engine']}" in pairs


def parameters_of(item: pytest.Item) -> Mapping[str, object]:
    """Return what a test was parametrized with."""
    specification = getattr(item, "callspec", None)
    return {} if specification is None else specification.params
