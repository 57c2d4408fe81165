"""Counters in memory stay few and cheap, however many addresses call."""

from __future__ import annotations

import threading

import pytest
from limits.storage import storage_from_string

from app.security.memory_counters import BoundedMemory
from app.security.rate_limits import RateLimits

START = 1_795_176_000.0


class Time:
    """The time of the counters; everything else has its own."""

    def __init__(self) -> None:
        self.now = START

    def memory(self, most: int = 1000) -> BoundedMemory:
        return BoundedMemory(most=most, now=lambda: self.now)


@pytest.fixture
def time() -> Time:
    return Time()


def test_no_more_counters_are_kept_than_there_is_place_for(time: Time) -> None:
    storage = time.memory(most=100)
    for number in range(1000):
        storage.incr(f"address {number}", 600)
        storage.acquire_sliding_window_entry(f"address {number}", 5, 60)
    assert storage.size <= 100


def test_the_place_is_taken_from_what_would_end_first(time: Time) -> None:
    storage = time.memory(most=10)
    storage.incr("ten minutes", 600)
    for number in range(50):
        storage.incr(f"a minute {number}", 60)
    assert storage.get("ten minutes") == 1
    assert storage.get("a minute 0") == 0


def test_what_has_ended_goes_while_new_ones_begin(time: Time) -> None:
    storage = time.memory(most=1000)
    for number in range(500):
        storage.incr(f"first {number}", 60)
    time.now += 61
    for number in range(100):
        storage.incr(f"second {number}", 60)
    assert storage.size == 100


def test_a_window_ends_and_the_next_hit_begins_another(time: Time) -> None:
    storage = time.memory()
    assert [storage.incr("somebody", 60) for _ in range(3)] == [1, 2, 3]
    assert storage.get_expiry("somebody") == START + 60
    time.now += 60
    assert storage.get("somebody") == 0
    assert storage.incr("somebody", 60) == 1
    assert storage.get_expiry("somebody") == START + 120


def test_a_counter_that_began_anew_outlives_its_first_end(time: Time) -> None:
    storage = time.memory(most=100)
    storage.incr("somebody", 60)
    storage.clear("somebody")
    time.now += 30
    storage.incr("somebody", 60)
    time.now += 40
    storage.incr("another", 60)
    assert storage.get("somebody") == 1


def test_hits_of_several_threads_are_all_counted() -> None:
    storage = BoundedMemory()
    threads = [
        threading.Thread(target=lambda: [storage.incr("together", 60) for _ in range(2000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("together") == 8000


def test_counting_starts_no_thread_of_its_own() -> None:
    before = set(threading.enumerate())
    limits = RateLimits("memory://")
    for number in range(50):
        limits.hit("5 per minute", f"address {number}")
        limits.hit_sliding("5 per minute", f"address {number}")
    assert set(threading.enumerate()) <= before


def test_flask_limiter_gets_the_same_storage() -> None:
    assert isinstance(storage_from_string("memory://"), BoundedMemory)
