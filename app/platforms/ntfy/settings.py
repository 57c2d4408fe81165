"""The keys of one `[channels.X]` table with platform = "ntfy"."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings

TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
"""server/server.go of ntfy (2025-07-13)."""


class NtfySettings(PlatformSettings):
    """One topic on one server."""

    topic: SecretStr = Field(description="The topic; on a public server whoever knows its name can read it.")
    token: SecretStr = Field(SecretStr(""), description="Access token (tk_…), where the server asks for one.")
    username: str = Field("", max_length=200, description="User name, instead of a token.")
    password: SecretStr = Field(SecretStr(""), description="Password of that user.")
    priority: int | None = Field(
        None, ge=1, le=5, description="Priority, 1 to 5; the server's own when unset."
    )
    tags: tuple[str, ...] = Field(
        (), max_length=10, description="Tags, such as warning; emoji names become emoji."
    )
    api_base: BaseAddress = Field("https://ntfy.sh", description="The server's address.")

    @field_validator("topic")
    @classmethod
    def _topic_can_be_written(cls, topic: SecretStr) -> SecretStr:
        if not TOPIC.fullmatch(topic.get_secret_value()):
            raise ValueError("must be 1 to 64 letters, digits, - and _")
        return topic

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that are not always needed."""
        return frozenset({"token", "username", "password"})
