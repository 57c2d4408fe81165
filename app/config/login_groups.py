"""One [[login_groups]] table of the channels file: several channels that a person sees as one login (CONTRACT §7).

Only its own words are judged here. Whether its channels exist and log people in is judged where channels are open
(pipeline/login/groups.py).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MOST_CHANNELS = 16


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("may hold only a-z, 0-9, - and _ (64 at most)")
    return value


def _each_once(value: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in value if value.count(name) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} twice")
    return value


class LoginGroupConfig(BaseModel):
    """One group: its segment of the address, what its button says, and its channels in the order they are asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_name)]
    channels: Annotated[tuple[str, ...], AfterValidator(_each_once)] = Field(
        min_length=1, max_length=MOST_CHANNELS
    )
    title: str = Field("", max_length=100)
