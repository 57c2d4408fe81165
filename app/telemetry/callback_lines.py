"""The one line that each callback leaves, written in the quick way where logs are JSON.

Under load there are thousands a second, and structlog's way costs as much as storing an event. So a line is made of a few known
fields at once, and a thread writes what has gathered. What is not made of known fields goes the usual way.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

import orjson

GATHER_SECONDS = 0.05
"""Lines of so long are written together; a process that is killed loses no more."""

MOST_WAITING = 20_000
"""A reader of the log that is slower than this loses the oldest of them."""


class CallbackLines:
    """Takes lines and writes them: at once, or by a thread once that is started."""

    def __init__(self) -> None:
        self._handler: logging.StreamHandler[Any] | None = None
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._some = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def write_to(self, handler: logging.StreamHandler[Any] | None) -> None:
        """Write through this handler from now on; None: these lines go the usual way."""
        self._handler = handler

    @property
    def are_quick(self) -> bool:
        """Whether lines may be handed over here."""
        return self._handler is not None

    def write(self, fields: Mapping[str, Any]) -> None:
        """Take a line; its values are bounded and hold no secret."""
        self._waiting.append(orjson.dumps(fields, option=orjson.OPT_UTC_Z))
        if self._thread is None:
            self._write_waiting()
        elif not self._some.is_set():
            self._some.set()

    def start(self) -> None:
        """Have a thread write from now on."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._loop, name="callback-lines", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write what is there; what comes afterwards is written at once."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            self._some.set()
            thread.join()
        self._write_waiting()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._some.wait()
            self._stopping.wait(GATHER_SECONDS)
            self._some.clear()
            self._write_waiting()

    def _write_waiting(self) -> None:
        handler = self._handler
        lines = []
        while self._waiting:
            try:
                lines.append(self._waiting.popleft())
            except IndexError:
                break
        if not lines or handler is None:
            return
        text = b"\n".join(lines).decode() + "\n"
        handler.acquire()
        try:
            handler.stream.write(text)
            handler.flush()
        except (OSError, ValueError):
            # A log that cannot be written is no reason to fail; logging itself thinks so too.
            return
        finally:
            handler.release()


lines = CallbackLines()
"""Those of this process: there is one log, as there is one `logging`."""

write_to = lines.write_to
