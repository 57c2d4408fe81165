"""Identifiers: unique also where processes fork, in order of time, and as random as they say."""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta

from app.core.identifiers import RandomBits, new_id, trace_word
from tests.builders import NOW


def test_identifiers_of_one_moment_all_differ() -> None:
    assert len({new_id(NOW) for _ in range(20_000)}) == 20_000


def test_an_identifier_sorts_behind_those_of_earlier_milliseconds() -> None:
    later = NOW + timedelta(milliseconds=1)
    assert all(new_id(NOW) < new_id(later) for _ in range(100))


def test_random_bits_have_the_length_that_was_asked_for() -> None:
    bits = RandomBits()
    assert all(bits.take(count) < 1 << count for count in (1, 7, 8, 74, 128) for _ in range(500))
    assert max(bits.take(74).bit_length() for _ in range(200)) == 74


def test_every_bit_is_set_half_of_the_time() -> None:
    bits = RandomBits()
    taken = Counter(
        bit for _ in range(4000) for bit, is_set in enumerate(f"{bits.take(48):048b}") if is_set == "1"
    )
    assert all(1700 < taken[bit] < 2300 for bit in range(48))


def test_a_forked_process_makes_words_of_its_own() -> None:
    trace_word()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, "".join(trace_word() for _ in range(20)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(read, 4096).decode()
    os.close(read)
    os.close(write)
    theirs = {told[at : at + 32] for at in range(0, len(told), 32)}
    assert len(theirs) == 20
    assert theirs.isdisjoint(trace_word() for _ in range(20))
