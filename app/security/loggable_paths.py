"""Paths of addresses as the log may hold them. Pure."""

from __future__ import annotations

OPAQUE_SEGMENT = 24


def loggable_path(path: str) -> str:
    """Return a path with its opaque parts left out: robot addresses carry their secret as a path segment."""
    return "/".join("…" if _is_opaque(segment) else segment for segment in path.split("/"))


def _is_opaque(segment: str) -> bool:
    """Say whether a segment looks drawn at random: long, and with digits or letters of both cases."""
    has_digit = any(char.isdigit() for char in segment)
    has_both = any(char.isupper() for char in segment) and any(char.islower() for char in segment)
    return len(segment) >= OPAQUE_SEGMENT and (has_digit or has_both)
