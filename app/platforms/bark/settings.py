"""The keys of one `[channels.X]` table with platform = "bark"."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets


class BarkSettings(PlatformSettings):
    """One or several devices on one server."""

    device_key: Secrets = Field(
        min_length=1, max_length=100, description="The device's key, as its app shows it; a list for several."
    )
    group: str = Field("", max_length=100, description="Group of the notifications on the device.")
    level: Literal["", "active", "timeSensitive", "passive", "critical"] = Field(
        "", description="How a notification interrupts; the app's own choice when empty."
    )
    api_base: BaseAddress = Field("https://api.day.app", description="The server's address.")

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that are not always needed."""
        return frozenset({"group", "level"})
