"""In development an edited handler takes effect by itself: a thread looks at the files and asks for a reload.

The reload is that of SIGHUP: the main process tries the new code first, so a broken edit is told in the log and the old
handlers go on. Outside development nothing looks; SIGHUP is sent by a person.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path
from socket import gethostname

import structlog

from app.pipeline.services import MainProcess

LOOK_SECONDS = 0.5

Seen = frozenset[tuple[str, int, int]]

log = structlog.get_logger(__name__)


class HandlersWatch:
    """Calls `changed` whenever a Python file of the folder appears, goes or is written.

    Make it before the handlers are loaded: what it sees first is what they were loaded from.
    """

    def __init__(self, folder: Path, changed: Callable[[], None]):
        self._folder = folder
        self._changed = changed
        self._seen = files_now(folder)
        self._thread = threading.Thread(target=self._look_on, name="handlers-watch", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def look(self) -> None:
        """Look once."""
        now = files_now(self._folder)
        if now != self._seen:
            self._seen = now
            self._changed()

    def _look_on(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_SECONDS):
            self.look()


def files_now(folder: Path) -> Seen:
    """Return name, time and size of each Python file in the folder and in the packages right inside it."""
    found = set()
    for path in (*folder.glob("*.py"), *folder.glob("*/*.py")):
        try:
            status = path.stat()
        except OSError:
            continue
        found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)


def ask_for_reload() -> None:
    """Have the main process replace this one; without a main process nothing can."""
    main = main_process()
    if main is not None:
        log.info("handlers_changed", detail="reloading")
        main.replace()


def main_process() -> MainProcess | None:
    """Return the process that started this one and replaces it at SIGHUP, None where there is none."""
    parent = parent_process()
    if parent is None or parent.pid is None:
        return None
    pid = parent.pid
    return MainProcess(f"{gethostname()[:40]}:{pid}", lambda: os.kill(pid, signal.SIGHUP))
