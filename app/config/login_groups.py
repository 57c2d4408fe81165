"""One [[login_groups]] table of the channels file: several channels that a person sees as one login (CONTRACT §7).

Only its own words are judged here. Whether its channels exist and log people in is judged where channels are open
(pipeline/login/groups.py).
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.config.names import Name, NamesOnce

MOST_CHANNELS = 16


class LoginGroupConfig(BaseModel):
    """One group: its segment of the address, what its button says, and its channels in the order they are asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    channels: NamesOnce = Field(min_length=1, max_length=MOST_CHANNELS)
    title: str = Field("", max_length=100)
