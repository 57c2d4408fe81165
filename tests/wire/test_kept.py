"""One answer that all threads share: a server that is slow or away holds nobody for long."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.core.errors import UpstreamUnavailable
from app.wire.kept import FAILED_SECONDS, Kept

NOBODY: Any = None


class Server:
    """Answers what it is told to, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 0.0
        self.is_away = False
        self.go_on = threading.Event()
        self.go_on.set()
        self.has_begun = threading.Event()

    def answer(self, _http: object) -> str:
        self.asked += 1
        self.has_begun.set()
        assert self.go_on.wait(30)
        if self.is_away:
            raise UpstreamUnavailable("away")
        return f"answer {self.asked}"

    def kept(self, longest_wait: float = 30) -> Kept[str]:
        return Kept(self.answer, lambda: self.now, longest_wait=longest_wait)


def test_an_answer_is_asked_for_once() -> None:
    server = Server()
    kept = server.kept()
    assert [kept.get(NOBODY), kept.get(NOBODY)] == ["answer 1"] * 2


def test_a_failure_is_remembered_for_a_moment() -> None:
    server = Server()
    server.is_away = True
    kept = server.kept()
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            kept.get(NOBODY)
    assert server.asked == 1
    server.is_away, server.now = False, FAILED_SECONDS + 1
    assert kept.get(NOBODY) == "answer 2"


def test_nobody_waits_long_for_the_one_who_asks() -> None:
    server = Server()
    server.go_on.clear()
    kept = server.kept(longest_wait=0.01)
    asking = threading.Thread(target=kept.get, args=(NOBODY,))
    asking.start()
    try:
        assert server.has_begun.wait(30)
        with pytest.raises(UpstreamUnavailable, match="takes long"):
            kept.get(NOBODY)
    finally:
        server.go_on.set()
        asking.join(30)
    assert kept.get(NOBODY) == "answer 1"
