"""The keys of one `[channels.X]` table with platform = "gotify"."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings


class GotifySettings(PlatformSettings):
    """One application on one server."""

    app_token: SecretStr = Field(
        min_length=1, description="Token of the application (Apps), not of a client."
    )
    priority: int | None = Field(None, ge=0, le=10, description="Priority; the application's own when unset.")
    api_base: BaseAddress = Field(description="The server's address.")

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name none: without a token or a server nothing is sent."""
        return frozenset()
