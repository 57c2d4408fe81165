"""Judges the path of a call that is to be passed on: one way to write it, nothing that two readers may read differently. Pure.

The server has decoded it once. What is judged here is what goes out, letter by letter; a percent sign that is left would
be decoded once more behind us, so there is none.
"""

from __future__ import annotations

from app.config.api_tokens import MOST_SEGMENTS, SEGMENT
from app.core.errors import RequestError

LONGEST_QUERY = 8_192


def judged_path(path: str) -> str:
    """Return a path that may go out, as it is; raises RequestError 400."""
    segments = path[1:].split("/")
    is_plain = path.startswith("/") and len(segments) <= MOST_SEGMENTS
    if not is_plain or not all(SEGMENT.fullmatch(each) and each not in (".", "..") for each in segments):
        raise RequestError(
            "bad_path",
            "The path holds an empty segment, . or .., an encoded slash, a backslash or a letter that addresses of APIs do "
            "not have; write it as the platform's documentation does, without a slash at its end.",
        )
    return path


def judged_query(query: str) -> str:
    """Return a query that may go out, as it is; raises RequestError 400."""
    if (
        len(query) > LONGEST_QUERY
        or not query.isascii()
        or not query.isprintable()
        or " " in query
        or "#" in query
    ):
        raise RequestError(
            "bad_query", f"The query must be percent-encoded text of {LONGEST_QUERY} letters at most."
        )
    return query
