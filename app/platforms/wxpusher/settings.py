"""The keys of one `[channels.X]` table with platform = "wxpusher"."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings, Texts


class WxpusherSettings(PlatformSettings):
    """One application."""

    app_token: SecretStr = Field(min_length=1, description="The application's token (AT_…).")
    uids: Texts = Field((), description="People (UID_…) who get what names nobody; a list for several.")
    topic_ids: tuple[int, ...] = Field((), max_length=5, description="Topics that get it too, by number.")
    api_base: BaseAddress = Field(
        "https://wxpusher.zjiecode.com", description="Only to override: the API's address."
    )

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that are not always needed."""
        return frozenset({"uids", "topic_ids"})
