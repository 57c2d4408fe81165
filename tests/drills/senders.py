"""Those who send callbacks to a drill's gateway, as platforms do: what is not acknowledged is sent again."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count, pairwise
from typing import Self

import requests

from tests.builders import CALLBACK_SECRET, envelope, signed_callback

THREADS = 8
PATIENCE_SECONDS = 150.0
PAUSE_SECONDS = 0.1


class Senders:
    """Threads that send callbacks and remember which were acknowledged, when, and what else was answered.

    Each rests for a while after an acknowledgement, where a drill wants less than all they can do.
    """

    def __init__(
        self, url: str, keys: Iterable[str], *, kind: str = "drill", threads: int = THREADS, rest: float = 0.0
    ):
        self._url = url
        self._kind = kind
        self._keys = iter(keys)
        self._rest = rest
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self.acknowledged: dict[str, float] = {}
        self.answers: Counter[int] = Counter()
        self.slowest = 0.0
        self.took: list[float] = []
        self.given_up: list[str] = []
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(threads)]

    @classmethod
    def without_end(
        cls, url: str, prefix: str, *, least: int, threads: int = THREADS, rest: float = 0.0
    ) -> Self:
        """Make senders that go on until they are joined, so that a fault always comes under load."""
        senders = cls(url, (), threads=threads, rest=rest)
        senders._keys = senders._endless(prefix, least)
        return senders

    def _endless(self, prefix: str, least: int) -> Iterator[str]:
        for number in count():
            if number >= least and self._enough.is_set():
                return
            yield f"{prefix}_{number}"

    def start(self) -> Self:
        """Start sending."""
        for thread in self._threads:
            thread.start()
        return self

    def join(self) -> None:
        """Wait until everything is acknowledged; those without an end send no more than their least from here on."""
        self._enough.set()
        for thread in self._threads:
            thread.join()
        assert not self.given_up, f"never acknowledged: {self.given_up[:5]}"

    def _send_all(self) -> None:
        with requests.Session() as session:
            while (key := self._next()) is not None:
                self._send_until_acknowledged(session, key)
                self._enough.wait(self._rest)

    def _next(self) -> str | None:
        with self._lock:
            return next(self._keys, None)

    def _send_until_acknowledged(self, session: requests.Session, key: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (start := time.monotonic()) < deadline:
            if send(self._url, key, kind=self._kind, session=session, answers=self.answers):
                self.acknowledged[key] = time.monotonic()
                self.took.append(self.acknowledged[key] - start)
                self.slowest = max(self.slowest, self.took[-1])
                return
            time.sleep(PAUSE_SECONDS)
        self.given_up.append(key)


def longest_silence(moments: Iterable[float], since: float) -> float:
    """Return the longest time without an acknowledgement, from a moment on."""
    times = sorted([since, *(moment for moment in moments if moment > since)])
    return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def send(
    url: str,
    key: str,
    *,
    kind: str = "drill",
    session: requests.Session | None = None,
    answers: Counter[int] | None = None,
    secret: str = CALLBACK_SECRET,
) -> bool:
    """Send one callback; True when it was acknowledged. No answer at all counts as 0."""
    request = signed_callback(envelope(key, kind), secret=secret)
    status = 0
    try:
        post = requests.post if session is None else session.post
        answer = post(
            f"{url}/webhooks/callback", data=request.body, headers=dict(request.headers), timeout=20
        )
        status = answer.status_code
    except requests.RequestException:
        pass
    if answers is not None:
        answers[status] += 1
    return status == 200
