"""The table of an `oauth2` channel: with `preset` a described login, without it the addresses that it writes itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app.platforms.oauth2.settings import OAuth2Settings
from app.wire.logins.catalogue import LoginCatalogue
from app.wire.logins.channel_table import read_channel
from app.wire.logins.settings import LoginSettings

PRESETS = Path(__file__).parent / "presets"


@cache
def presets() -> LoginCatalogue:
    """Return the logins that come with the gateway."""
    return LoginCatalogue(PRESETS)


class ChannelTables:
    """Types the keys of such a channel; stands where other platforms have their model."""

    def may_be_empty(self) -> frozenset[str]:
        """Name the keys of what a server need not have."""
        return OAuth2Settings.may_be_empty()

    def model_validate(self, values: Mapping[str, Any]) -> OAuth2Settings | LoginSettings:
        """Return the typed keys; raises ValidationError with the key at fault and what is allowed there."""
        if "preset" in values:
            return read_channel(values, presets())
        return OAuth2Settings.model_validate(dict(values))
