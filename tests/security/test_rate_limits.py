"""Counting hits: a window that moves along lets no more pass around its end, and says how long to wait."""

from __future__ import annotations

import os
from uuid import uuid4

import pytest

from app.security.memory_counters import BoundedMemory
from app.security.rate_limits import RateLimits
from tests.databases import need

START = 1_795_176_000.0
"""A time at which a minute begins."""


class Time:
    """The time of the storage in memory; everything else has its own."""

    def __init__(self) -> None:
        self.now = START

    def limits(self) -> RateLimits:
        return RateLimits("memory://", memory=BoundedMemory(now=lambda: self.now))


@pytest.fixture
def time() -> Time:
    return Time()


def passed(limits: RateLimits, rule: str, count: int) -> int:
    return [limits.hit_sliding(rule, "somebody") for _ in range(count)].count(None)


def test_no_more_pass_around_the_end_of_a_window(time: Time) -> None:
    limits = time.limits()
    time.now = START + 59
    assert passed(limits, "60 per minute", 100) == 60
    time.now = START + 61
    assert passed(limits, "60 per minute", 100) == 1
    time.now = START + 90
    assert passed(limits, "60 per minute", 100) == 29
    time.now = START + 240
    assert passed(limits, "60 per minute", 100) == 60


@pytest.mark.parametrize("second", [0, 10, 59])
def test_whoever_waits_as_told_passes(time: Time, second: int) -> None:
    limits = time.limits()
    time.now = START + second
    assert passed(limits, "6 per minute", 7) == 6
    wait = limits.hit_sliding("6 per minute", "somebody")
    assert wait is not None
    time.now += wait
    assert limits.hit_sliding("6 per minute", "somebody") is None


@pytest.mark.services
def test_several_processes_count_together_on_redis() -> None:
    url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
    one, other = RateLimits(url), RateLimits(url)
    need("Redis", reachable=one._storage.check() is True)
    caller = uuid4().hex
    waits = [limits.hit_sliding("3 per hour", caller) for limits in (one, other, one, other)]
    assert waits[:3] == [None] * 3
    assert waits[3] is not None
    assert 0 < waits[3] <= 3601


def test_keys_are_counted_apart_and_a_forgotten_one_begins_anew() -> None:
    limits = RateLimits("memory://")
    assert [limits.hit("1 per hour", "a"), limits.hit("1 per hour", "b")] == [None, None]
    assert limits.hit("1 per hour", "a") is not None
    limits.forget("1 per hour", "a")
    assert limits.hit("1 per hour", "a") is None


def test_a_storage_that_is_down_lets_requests_pass() -> None:
    limits = RateLimits("redis://127.0.0.1:1/0?socket_connect_timeout=1")
    assert limits.hit_sliding("1 per hour", "a") is None
    assert limits.hit("1 per hour", "a") is None
    limits.forget("1 per hour", "a")
