"""The keys that a Jira Connect channel takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings, filled_table
from app.wire.named_keys import NamedKeyTexts


class ConnectSettings(PlatformSettings):
    """One Connect app."""

    base_url: BaseAddress = Field(
        description="baseUrl of the app's descriptor: this channel's address, such as https://…/webhooks/jira-connect."
    )
    app_key: str = Field(
        "", description="key of the descriptor; a lifecycle callback of another app is refused."
    )
    tenants: Annotated[Mapping[str, SecretStr], BeforeValidator(filled_table)] = Field(
        {},
        description='sharedSecret of a tenant by its clientKey, for those that installed the app before: { "…" = "…" }; others are kept as they come.',
    )
    leeway_s: int = Field(90, ge=0, le=600, description="Seconds by which clocks may differ.")
    keys_base: BaseAddress = Field(
        "https://connect-install-keys.atlassian.com",
        description="Address of Atlassian's keys for lifecycle callbacks; only to override it.",
    )
    public_keys: NamedKeyTexts = Field(
        {}, description='Keys by their kid, instead of fetching them: { "…" = "PEM" }.'
    )

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do."""
        return super().may_be_empty() | {"app_key", "tenants", "public_keys"}
