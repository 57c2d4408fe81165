"""The keys of one `[channels.X]` table with platform = "pushplus"."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings


class PushplusSettings(PlatformSettings):
    """One account, or one of its groups."""

    token: SecretStr = Field(min_length=1, description="The account's token, or a message token of it.")
    topic: str = Field("", max_length=100, description="Code of a group; empty: to the account itself.")
    way: Literal["", "wechat", "webhook", "cp", "mail", "sms"] = Field(
        "", description="The way a message takes (PushPlus calls it channel); empty: the account's own."
    )
    api_base: BaseAddress = Field(
        "https://www.pushplus.plus", description="Only to override: the API's address."
    )

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that are not always needed."""
        return frozenset({"topic", "way"})
