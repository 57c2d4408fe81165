"""One [[message_groups]] table of the channels file: a name for several channels that a message goes to (docs/contract.md §4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pydantic import BaseModel, ConfigDict, Field

from app.config.names import Name, NamesOnce

MOST_CHANNELS = 16


class MessageGroupConfig(BaseModel):
    """One group: what a message names, and its channels in the order in which a fallback tries them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    channels: NamesOnce = Field(min_length=1, max_length=MOST_CHANNELS)


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
