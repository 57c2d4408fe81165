"""Guarantees broken on purpose, from outside the gateway's code: a drill that stays green with these proves nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.errors import VerificationError
from app.core.values import Verified
from app.pipeline.dispatch import attempts
from app.pipeline.inbound import accept, on_loop, receive
from app.pipeline.router import Context
from app.pipeline.upkeep import clock_steps
from app.platforms import callback
from app.storage.queue import completions
from app.storage.queue.acceptance import Accepted

FOLDER = Path(os.environ.get("DRILL_FOLDER", "."))
HELD = "held"
"""While a file of this name is in the drill's folder, what was promised too early is not done."""
DONE_EARLY = "done-early.log"
LOOK_SECONDS = 0.05
NEVER_SECONDS = 3600.0


def install() -> None:
    """Break what `DRILL_SABOTAGE` names, and nothing without it."""
    broken = os.environ.get("DRILL_SABOTAGE")
    if broken is not None:
        SABOTAGE[broken]()


def _put(owner: Any, name: str, function: Callable[..., Any]) -> None:
    # What is not there any more would be put in unseen, and break nothing.
    getattr(owner, name)
    setattr(owner, name, function)


def _acknowledge_before_the_commit() -> None:
    """Say that an event is stored, and store it when the drill lets go."""
    store = accept.accept

    def late(services: Any, ready: Any) -> list[Accepted]:
        threading.Thread(target=_when_let_go, args=(store, services, ready), daemon=True).start()
        return [Accepted(arrival.event.id, is_new=True) for arrival in ready.arrivals]

    async def late_on_loop(receiver: Any, ready: Any) -> list[Accepted]:
        return late(receiver._services, ready)

    _put(receive, "accept", late)
    _put(on_loop.LoopReceiver, "_accept", late_on_loop)


def _complete_before_the_work() -> None:
    """Say that a dispatch is done, and run its handler when the drill lets go: a queue's message confirmed too early."""
    run = attempts._run

    def early(services: Any, claim: Any, event: Any, route: Any, *rest: Any) -> Any:
        # Without somebody who records it later it is committed when this returns.
        result = run(services, claim, event, replace(route, handler=lambda event, context: None), None)
        with (FOLDER / DONE_EARLY).open("a", encoding="utf-8") as file:
            file.write(f"{event.key} {os.getpid()}\n")
        _when_let_go(route.handler, event, Context(attempt=claim.attempt))
        return result

    _put(attempts, "_run", early)


def _when_let_go(function: Callable[..., Any], *arguments: Any) -> None:
    """Call it when the drill no longer holds: whoever is killed before that certainly takes promised work along."""
    while (FOLDER / HELD).exists():
        time.sleep(LOOK_SECONDS)
    function(*arguments)


def _forget_the_fence() -> None:
    """Let a late worker write its result."""
    look = vars(completions)["are_held"]

    def forgetful(tx: Any, claims: Any) -> list[bool]:
        return [True for _ in look(tx, claims)]

    _put(completions, "are_held", forgetful)
    # Without the fence a late result still fails on the key of its attempt, which was recorded as lost.
    _put(completions, "insert_attempts", lambda tx, rows: None)


def _believe_everybody() -> None:
    """Take a signature for good that is not."""
    verify = callback.CallbackChannel.verify

    def believing(self: Any, request: Any, now: Any) -> Any:
        try:
            return verify(self, request, now)
        except VerificationError:
            return Verified("unsigned")

    _put(callback.CallbackChannel, "verify", believing)


def _wait_for_hints() -> None:
    """Let a Celery worker do only what the broker tells it to."""
    from app.worker import celery_tasks

    celery_tasks.LOOK_AROUND_SECONDS = NEVER_SECONDS


def _ignore_the_clock() -> None:
    """Take no notice of a clock that is set back."""
    _put(clock_steps.ClockWatch, "look", lambda watch: None)


SABOTAGE: dict[str, Callable[[], None]] = {
    "acknowledge first": _acknowledge_before_the_commit,
    "complete first": _complete_before_the_work,
    "no fence": _forget_the_fence,
    "no proof": _believe_everybody,
    "only hints": _wait_for_hints,
    "no clock watch": _ignore_the_clock,
}
