"""What the Date headers of platforms say about our clock, and what is no evidence."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from app.security.far_clocks import MOST_HOSTS, FarClocks
from tests.builders import FrozenClock


@pytest.fixture
def far(clock: FrozenClock) -> FarClocks:
    return FarClocks(clock)


def date(clock: FrozenClock, **ahead: float) -> str:
    return format_datetime(clock.now() + timedelta(**ahead), usegmt=True)


def test_the_middle_one_counts(far: FarClocks, clock: FrozenClock) -> None:
    for host, seconds in (("a", 2), ("b", 90), ("c", 86_400)):
        far.note(host, date(clock, seconds=seconds))
    assert far.seconds_ahead() == 90


def test_one_host_counts_once(far: FarClocks, clock: FrozenClock) -> None:
    for _ in range(5):
        far.note("a", date(clock, hours=1))
    far.note("b", date(clock))
    far.note("c", date(clock))
    assert far.seconds_ahead() == 0


@pytest.mark.parametrize("text", [None, "", "yesterday", "Fri, 31 Feb 2026 12:00:00 GMT", "x" * 10_000])
def test_what_is_no_date_says_nothing(far: FarClocks, text: str | None) -> None:
    far.note("a", text)
    assert far.seconds_ahead() is None


def test_an_answer_out_of_a_cache_says_nothing(far: FarClocks, clock: FrozenClock) -> None:
    far.note("a", date(clock, hours=-1), age="3600")
    assert far.seconds_ahead() is None


def test_what_was_heard_long_ago_says_nothing(far: FarClocks, clock: FrozenClock) -> None:
    far.note("a", date(clock))
    clock.advance(hours=1)
    assert far.seconds_ahead() is None


def test_only_so_many_hosts_are_remembered(far: FarClocks, clock: FrozenClock) -> None:
    for number in range(MOST_HOSTS + 10):
        far.note(f"host-{number}", date(clock, seconds=number))
    assert len(far._seen) == MOST_HOSTS
