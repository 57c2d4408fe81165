"""Shows how far long work has come: a line that is written over in a terminal, a line every ten seconds in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click

TERMINAL_SECONDS, LOG_SECONDS = 0.2, 10.0
CLEAR_LINE = "\r\033[K"


class Progress:
    """Takes the count so far after each step; a context manager that leaves a clean line behind."""

    def __init__(self, doing: str):
        self._doing = doing
        self._is_terminal = sys.stderr.isatty()
        self._every = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        self._began = self._shown = time.monotonic()
        self._is_dirty = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __call__(self, count: int) -> None:
        """Tell how many are done, not more often than somebody can read it."""
        now = time.monotonic()
        if now - self._shown < self._every:
            return
        self._shown = now
        line = f"{self._doing}: {count} so far, {now - self._began:.0f} s"
        click.echo(f"{CLEAR_LINE}{line}" if self._is_terminal else line, err=True, nl=not self._is_terminal)
        self._is_dirty = self._is_terminal

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; what comes next begins on an empty line."""
        if self._is_dirty:
            click.echo(CLEAR_LINE, err=True, nl=False)
