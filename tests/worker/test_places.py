"""Places: many for quick attempts, few for slow ones, and never more taken than there are."""

from __future__ import annotations

import threading

from app.worker.places import PLACES_PER_THREAD, Places


def free(places: Places) -> int:
    """Count the free places by taking them all."""
    taken = places.take_some(10_000, timeout=0)
    places.release(taken)
    return taken


def after(seconds: float, times: int = 200, threads: int = 4) -> Places:
    places = Places(threads)
    for _ in range(times):
        places.note(seconds)
    return places


def test_quick_attempts_get_many_places() -> None:
    assert free(after(0.001)) == 4 * PLACES_PER_THREAD


def test_slow_attempts_get_one_place_for_each_thread() -> None:
    assert free(after(30.0)) == 4


def test_between_them_there_are_as_many_as_are_done_in_half_a_second() -> None:
    assert free(after(0.05)) in (36, 40)


def test_an_engine_that_knows_nothing_yet_begins_with_few() -> None:
    assert free(Places(4)) == 20


def test_one_slow_attempt_among_quick_ones_takes_places_away_and_quick_ones_bring_them_back() -> None:
    places = after(0.001)
    places.note(5.0)
    assert free(places) < 4 * PLACES_PER_THREAD
    for _ in range(100):
        places.note(0.001)
    assert free(places) == 4 * PLACES_PER_THREAD


def test_what_is_taken_beyond_fewer_places_stays_taken() -> None:
    places = after(0.001)
    assert places.take(200)
    for _ in range(200):
        places.note(30.0)
    assert not places.take(1)
    assert places.take_some(5, timeout=0) == 0
    places.release(197)
    assert places.take(1)
    assert not places.take(1)


def test_all_or_none_are_taken_at_once() -> None:
    places = after(30.0)
    assert not places.take(5)
    assert places.take(4)


def test_whoever_waits_gets_the_first_place_that_is_given_back() -> None:
    places = after(30.0)
    assert places.take(4)
    threading.Timer(0.05, places.release, (2,)).start()
    assert places.take_some(5, timeout=10) == 2


def test_hands_are_full_when_every_thread_has_something_and_places_may_still_be_free() -> None:
    places = after(0.001)
    assert places.take(3)
    assert not places.are_hands_full()
    assert places.take(1)
    assert places.are_hands_full()
    assert places.any()


def test_no_place_is_free_once_attempts_are_known_to_be_long() -> None:
    places = after(0.001)
    assert places.take(4)
    places.expect(0.6)
    assert not places.any()
