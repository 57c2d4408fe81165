"""What a handler returned, as it is stored: what JSON can say is kept, the rest is told in the log.

A handler whose result cannot be written has done its work, so that is never a reason to run it again.
"""

from __future__ import annotations

from typing import Any

import structlog

from app.core.exact_json import write_result

log = structlog.get_logger(__name__)


def result_as_json(value: Any, *, event_id: str, route: str) -> bytes:
    """Return a result as JSON; where JSON has no words for a part of it, null stands there and the log names it."""
    written = write_result(value)
    if written.left_out:
        log.warning(
            "result_not_whole",
            event_id=event_id,
            route=route,
            left_out=list(written.left_out),
            hint="The handler succeeded, but JSON cannot say these parts of what it returned; null is kept there.",
        )
    return written.raw
