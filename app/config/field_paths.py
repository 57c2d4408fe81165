"""Dotted paths into an event's data, as the channels file writes them: "data.order.id", "items.0.sku"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PATH = re.compile(r"[^.\s]+(\.[^.\s]+)*")


def checked_path(value: str) -> str:
    """Return a path as it is; raises ValueError when it is none."""
    if len(value) > 200 or not PATH.fullmatch(value):  # noqa: PLR2004
        raise ValueError("must be names joined by dots, such as 'data.order_id'")
    return value


def value_at(data: Any, path: str) -> Any:
    """Return what stands at a path, None when it leads nowhere; a number chooses from a list."""
    for name in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(name)
        elif isinstance(data, list) and name.isascii() and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            return None
    return data
