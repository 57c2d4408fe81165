"""One [[push_keys]] table of the channels file: a key that programs send with, and where its messages go (docs/contract.md §9d)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from app.config.names import Name
from app.config.rates import checked_rate

KEY = re.compile(r"[A-Za-z0-9_-]{24,128}")
MOST_CHANNELS = 16
MOST_RECIPIENTS = 100


def _key(value: SecretStr) -> SecretStr:
    if not KEY.fullmatch(value.get_secret_value()):
        raise ValueError(
            "must be 24 to 128 letters, digits, - and _, because it stands in addresses; make one with "
            "python -c 'import secrets; print(secrets.token_urlsafe(24))'"
        )
    return value


class PushKeyConfig(BaseModel):
    """A key: what it is called in lists, its value, and the channels or message groups and recipients of its messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    key: Annotated[SecretStr, AfterValidator(_key)]
    channels: tuple[str, ...] = Field(min_length=1, max_length=MOST_CHANNELS)
    to: tuple[dict[str, Any], ...] = Field((), max_length=MOST_RECIPIENTS)
    fallback: bool = False
    rate: Annotated[str, AfterValidator(checked_rate)] = "60/minute"


def push_key_faults(keys: Iterable[PushKeyConfig], known: Collection[str]) -> list[str]:
    """Name, a sentence each, the keys with a channel or group that the file has not, and two with one name or value."""
    faults: list[str] = []
    names: set[str] = set()
    values: set[str] = set()
    for each in keys:
        if each.name in names:
            faults.append(f"[[push_keys]] {each.name!r} is there twice.")
        if each.key.get_secret_value() in values:
            faults.append(f"[[push_keys]] {each.name!r} has the key of another one; make a new key.")
        names.add(each.name)
        values.add(each.key.get_secret_value())
        faults += [
            f"[[push_keys]] {each.name!r} names {name!r}, which is neither a channel nor a message group of the channels file."
            for name in each.channels
            if name not in known
        ]
    return faults
