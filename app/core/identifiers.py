"""Identifiers that sort by time, and random words of known strength."""

from __future__ import annotations

import os
import secrets
import threading
from datetime import datetime

CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


class RandomBits:
    """Random bits of the operating system, fetched in stock.

    A call for a few bytes lets go of the interpreter, and under load it takes long to get it back. A forked process
    begins with an empty stock, because two that share one would make the same identifiers. Threads need no lock:
    taking from the end of a list is one step.
    """

    STOCK = 256
    WORD_BYTES = 16

    def __init__(self) -> None:
        self._stock: list[int] = []
        os.register_at_fork(after_in_child=self._empty)

    def _empty(self) -> None:
        self._stock = []

    def take(self, count: int) -> int:
        """Return that many random bits, 128 at most, as a number."""
        try:
            word = self._stock.pop()
        except IndexError:
            word = self._fetch()
        return word >> (self.WORD_BYTES * 8 - count)

    def _fetch(self) -> int:
        """Fetch a stock and return a word of it; two threads that do so at once leave a larger one."""
        fetched, size = os.urandom(self.STOCK * self.WORD_BYTES), self.WORD_BYTES
        words = [int.from_bytes(fetched[at : at + size]) for at in range(0, len(fetched), size)]
        first = words.pop()
        self._stock += words
        return first


_RANDOM = RandomBits()


def trace_word() -> str:
    """Return 32 random hex digits that tie an answer to its log lines; not a secret."""
    return f"{_RANDOM.take(128):032x}"


def span_word() -> str:
    """Return 16 random hex digits, not all of them zero, that name one span of a trace."""
    return f"{_RANDOM.take(64) or 1:016x}"


def new_id(now: datetime) -> str:
    """Return 32 hex digits that sort by time: a version 7 UUID (RFC 9562 §5.7) without dashes."""
    milliseconds = int(now.timestamp() * 1000)
    random = _RANDOM.take(74)
    value = (
        (milliseconds & (1 << 48) - 1) << 80
        | 0x7 << 76
        | (random >> 62) << 64
        | 0b10 << 62
        | random & (1 << 62) - 1
    )
    return f"{value:032x}"


def first_id(moment: datetime) -> str:
    """Return what sorts before every id that is made at a moment or later."""
    return f"{(int(moment.timestamp() * 1000) & (1 << 48) - 1) << 80:032x}"


class OrderedIds:
    """Makes identifiers that sort in the order they were asked for, also within one millisecond.

    Version 7 UUIDs with a counter in front of the random part (RFC 9562 §6.2, method 1).
    """

    COUNTER_BITS = 26

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = -1
        self._counter = 0

    def next(self, now: datetime) -> str:
        """Return an id that is greater than every earlier one, unless the clock went back."""
        milliseconds = int(now.timestamp() * 1000)
        with self._lock:
            self._counter = self._counter + 1 if milliseconds == self._milliseconds else 0
            self._milliseconds = milliseconds
            counter = self._counter & (1 << self.COUNTER_BITS) - 1
        value = (
            (milliseconds & (1 << 48) - 1) << 80
            | 0x7 << 76
            | (counter >> 14) << 64
            | 0b10 << 62
            | (counter & (1 << 14) - 1) << 48
            | _RANDOM.take(48)
        )
        return f"{value:032x}"


def random_word(bits: int = 160) -> str:
    """Return a random hex word: letters and digits only, which every platform passes through unchanged."""
    return secrets.token_hex((bits + 7) // 8)


def typed_code(length: int = 8) -> str:
    """Return a random code a person can type: capitals and digits without look-alikes (I, L, O, 0, 1)."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))
