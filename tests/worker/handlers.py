"""Handlers that write down when they start and end, so that a test can see what ran, where and at the same time."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from app.handlers import Router

router = Router()
NOTES = Path(os.environ.get("ENGINE_FOLDER", ".")) / "notes.jsonl"


def note(what: str, event: Any) -> None:
    """Append one line."""
    line = {"what": what, "key": event.key, "at": time.time(), "pid": os.getpid()}
    with NOTES.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


@router.on("callback", "job", name="job")
def job(event: Any, context: Any) -> None:
    """Take as long as the event says."""
    note("start", event)
    time.sleep(event.data["data"]["seconds"])
    note("end", event)


@router.on("callback", "ask", inline=True, name="ask")
def ask(event: Any, context: Any) -> dict[str, str]:
    """Do the same before the answer."""
    job(event, context)
    return {"asked": event.key}
