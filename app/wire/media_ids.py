"""The id that a platform gave for a file: bounded, and never taken for one where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import UpstreamError

LONGEST_ID: Final = 512


def media_id_in(content: Mapping[str, Any], platform: str, name: str = "media_id") -> str:
    """Return the id; raises UpstreamError where the answer names none."""
    found = content.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID or not found.isprintable():
        raise UpstreamError(
            "upstream_bad_answer", f"{platform}'s answer to the file names no id of it; send the file again."
        )
    return found
