"""Faults put into a live gateway from outside its code: loaded with the drill's handlers, in every process it starts.

A file `armed …` in the drill's folder names the place where the next process that comes by kills itself, once.
`DRILL_LEASE` shortens the leases, so that not every drill needs half a minute. The file `clock` moves the machine's clock.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any

from app.core.clock import SystemClock
from app.pipeline.dispatch import attempts
from app.pipeline.inbound import accept, on_loop
from app.pipeline.services import Services
from app.storage.database.db import Database
from app.worker import leases

FOLDER = Path(os.environ.get("DRILL_FOLDER", "."))
LEASE_SECONDS = int(os.environ.get("DRILL_LEASE", "30"))

_here = threading.local()
"""What this thread is about: the point after the commit of its transaction, and whether a handler's effects are in it."""


def die_at(point: str) -> None:
    """Kill this process when it is the first to come by after the drill armed this point."""
    try:
        (FOLDER / f"armed {point}").rename(FOLDER / f"died {point}")
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def install() -> None:
    """Wrap the functions of the gateway at whose edges the points lie."""
    points = partial(_around, before="nowhere", inside="before the commit", after="after the commit")
    _wrap(accept, "accept_many", points)
    _wrap(on_loop, "accept_many", lambda _write: vars(accept)["accept_many"])
    _wrap(attempts, "complete", _completing)
    _wrap(attempts, "_run_in_transaction", _with_effects)
    _wrap(Database, "begin", _and_after)
    _wrap(Services, "__init__", _with_lease)
    _wrap(SystemClock, "now", _moved)
    leases.RENEW_SECONDS = LEASE_SECONDS / 4
    if os.environ.get("ENGINE") == "celery":
        from app.worker import celery_tasks

        _wrap(celery_tasks.HintedEngine, "take_hint", _noted)


def _wrap(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    setattr(owner, name, wrap(getattr(owner, name)))


def _around(write: Callable[..., Any], *, before: str, inside: str, after: str) -> Callable[..., Any]:
    """Die when nothing is written, when everything is written and nothing committed, or right after the commit."""

    @wraps(write)
    def wrapped(*args: Any, **named: Any) -> Any:
        die_at(before)
        result = write(*args, **named)
        die_at(inside)
        _here.after = after
        return result

    return wrapped


def _completing(complete: Callable[..., Any]) -> Callable[..., Any]:
    """Tell completions apart: those written together, and those that commit with what their handler wrote."""
    alone = _around(
        complete, before="before the completion", inside="during the completion", after="after the completion"
    )
    with_effects = _around(
        complete, before="nowhere", inside="during the completion with effects", after="nowhere"
    )

    @wraps(complete)
    def wrapped(*args: Any) -> Any:
        return (with_effects if getattr(_here, "has_effects", False) else alone)(*args)

    return wrapped


def _with_effects(run: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(run)
    def wrapped(*args: Any) -> Any:
        _here.has_effects = True
        try:
            return run(*args)
        finally:
            _here.has_effects = False

    return wrapped


def _and_after(begin: Callable[[Database], Any]) -> Callable[[Database], Any]:
    @contextmanager
    def wrapped(database: Database) -> Iterator[Any]:
        _here.after = "nowhere"
        with begin(database) as tx:
            yield tx
        die_at(_here.after)

    return wrapped


def _with_lease(make: Callable[..., None]) -> Callable[..., None]:
    @wraps(make)
    def wrapped(services: Services, *parts: Any, **named: Any) -> None:
        make(services, *parts, **{"lease_seconds": LEASE_SECONDS} | named)

    return wrapped


def _moved(now: Callable[[SystemClock], datetime]) -> Callable[[SystemClock], datetime]:
    @wraps(now)
    def wrapped(clock: SystemClock) -> datetime:
        try:
            seconds = float((FOLDER / "clock").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            seconds = 0.0
        return now(clock) + timedelta(seconds=seconds)

    return wrapped


def _noted(run: Callable[[Any], None]) -> Callable[[Any], None]:
    """Write down each hint that reached a worker."""

    @wraps(run)
    def wrapped(runner: Any) -> None:
        with (FOLDER / "hints.log").open("a", encoding="utf-8") as file:
            file.write(f"hint {os.getpid()}\n")
        run(runner)

    return wrapped
