"""Handlers of the drills: they write with their dispatch, or to a file outside the database, or kill their process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.handlers import Router
from tests.drills import faults, sabotage

router = Router()
FOLDER = Path(os.environ.get("DRILL_FOLDER", "."))
HALF_SECONDS = {"drill": 0.001, "long": 0.05, "call": 0.001}
"""How long half of a run takes; the long ones fill the engine, so that others wait in the store."""

if "DRILL_FOLDER" in os.environ:
    sabotage.install()
    faults.install()


def write_effect(event: Any, context: Any) -> None:
    context.tx.execute(text("INSERT INTO drill_effects (event_key) VALUES (:key)"), {"key": event.key})


def write_line(file_name: str, event: Any) -> None:
    with (FOLDER / file_name).open("a", encoding="utf-8") as file:
        file.write(f"{event.key} {os.getpid()}\n")


@router.on("callback", "drill", transactional=True)
@router.on("callback", "long", transactional=True)
@router.on("callback", "call", transactional=True)
def write_row(event: Any, context: Any) -> None:
    """Write one row that commits with the dispatch."""
    write_effect(event, context)


@router.on("callback", "drill")
@router.on("callback", "long")
@router.on("callback", "call")
def write_note(event: Any, context: Any) -> None:
    """Write one line as soon as the attempt starts, then take a moment."""
    write_line("effects.log", event)
    time.sleep(HALF_SECONDS[event.type])
    faults.die_at("in a handler")
    time.sleep(HALF_SECONDS[event.type])


@router.on("callback", "slow", transactional=True)
def write_row_slowly(event: Any, context: Any) -> None:
    """Write one row, and take so long that the process can be stopped in the middle."""
    write_effect(event, context)
    write_line("slow.log", event)
    time.sleep(1)


@router.on("callback", "poison", max_attempts=2)
def kill_process(event: Any, context: Any) -> None:
    """Kill the process, every time."""
    write_line("poison.log", event)
    os.kill(os.getpid(), signal.SIGKILL)
