"""One [[message_groups]] table of the channels file: a name for several channels that a message goes to (docs/contract.md §4)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
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


class MessageGroupConfig(BaseModel):
    """One group: what a message names, and its channels in the order in which a fallback tries them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_name)]
    channels: Annotated[tuple[str, ...], AfterValidator(_each_once)] = Field(
        min_length=1, max_length=MOST_CHANNELS
    )


def message_group_faults(groups: Iterable[MessageGroupConfig], channels: Collection[str]) -> list[str]:
    """Name, a sentence each, the groups with a channel that the file has not, or with a channel's name."""
    faults = []
    for group in groups:
        if group.name in channels:
            faults.append(f"[[message_groups]] {group.name!r} has the name of a channel; choose another one.")
        faults += [
            f"[[message_groups]] {group.name!r} names the channel {name!r}, which is not in the channels file."
            for name in group.channels
            if name not in channels
        ]
    return faults
