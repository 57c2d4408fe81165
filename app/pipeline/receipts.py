"""Receipts on their way into the store: kept in memory for a moment, so that no callback waits for them.

Under load those that have gathered go along with the next commit of callbacks; else a thread writes them within a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from app.core.clock import Clock
from app.security.redaction import redact_text
from app.storage.inbox.receipts import MOST_ANSWER_BYTES, Receipt

MOST_WAITING = 10_000
"""What is more is dropped, the oldest first: the store is away then, or far too slow."""

GO_ALONG = 64
"""So many go along with a commit of callbacks; fewer would cost each commit a statement."""

MOST_AT_ONCE = 256
MASKED_ANSWERS = 256
EVENT_MARK, TRACE_MARK = "{event}", "{trace}"


class _Answered(NamedTuple):
    event_id: str
    status: int
    seconds: float
    trace_id: str
    answer: bytes


class Receipts:
    """Those of one process; every method may be called from any thread."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._waiting: deque[_Answered] = deque(maxlen=MOST_WAITING)

    def add(
        self, event_ids: Sequence[str], *, status: int, seconds: float, trace_id: str, answer: bytes
    ) -> None:
        """Keep what a delivery of these events was answered."""
        for event_id in event_ids:
            self._waiting.append(_Answered(event_id, status, seconds, trace_id, answer))

    def going_along(self) -> list[Receipt]:
        """Return those that go along with a commit, or none."""
        return self.take() if len(self._waiting) >= GO_ALONG else []

    def take(self, most: int = MOST_AT_ONCE) -> list[Receipt]:
        """Return the oldest ones, ready to be written."""
        now = self._clock.now()
        taken: list[Receipt] = []
        while len(taken) < most:
            try:
                each = self._waiting.popleft()
            except IndexError:
                break
            answer = _masked_answer(each)
            taken.append(
                Receipt(each.event_id, now, each.status, int(each.seconds * 1e6), each.trace_id, answer)
            )
        return taken


def _masked_answer(answered: _Answered) -> bytes:
    """Return the beginning of an answer without secrets. Most answers differ in their ids only, so masking is remembered without these."""
    text = answered.answer[:MOST_ANSWER_BYTES].decode("utf-8", "replace")
    plain = text.replace(answered.event_id, EVENT_MARK)
    if answered.trace_id:
        plain = plain.replace(answered.trace_id, TRACE_MARK)
    masked = _masked(plain)
    if masked != text:
        masked = masked.replace(EVENT_MARK, answered.event_id).replace(TRACE_MARK, answered.trace_id)
    return masked.encode()[:MOST_ANSWER_BYTES]


@lru_cache(maxsize=MASKED_ANSWERS)
def _masked(text: str) -> str:
    return redact_text(text)
