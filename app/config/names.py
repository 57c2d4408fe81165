"""The one rule for the names that people give to channels, groups, keys and notifications, and for lists that name each once."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def is_name(value: str) -> bool:
    """Say whether a text may be a name."""
    return NAME.fullmatch(value) is not None


def checked_name(value: str) -> str:
    """Return a name; raises ValueError with what one may hold."""
    if not is_name(value):
        raise ValueError("may hold only a-z, 0-9, - and _ (64 at most)")
    return value


def each_once(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list whose entries differ; raises ValueError that says which do not."""
    twice = sorted({name for name in value if value.count(name) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} twice")
    return value


Name = Annotated[str, AfterValidator(checked_name)]
NamesOnce = Annotated[tuple[str, ...], AfterValidator(each_once)]
