"""The keys of one `[channels.X]` table with platform = "serverchan"."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import OptionalAddress, PlatformSettings

SEND_KEY = re.compile(r"SCT[A-Za-z0-9]{6,60}|sctp([0-9]{1,12})t[A-Za-z0-9]{6,60}")


class ServerchanSettings(PlatformSettings):
    """One key."""

    send_key: SecretStr = Field(description="The SendKey: SCT… (Turbo) or sctp… (third edition).")
    tags: str = Field("", max_length=100, description="Tags of the third edition, with | between them.")
    api_base: OptionalAddress = Field(
        "", description="Only to override: the API's address, which the key says."
    )

    @field_validator("send_key")
    @classmethod
    def _key_has_its_form(cls, key: SecretStr) -> SecretStr:
        # It becomes part of an address.
        if not SEND_KEY.fullmatch(key.get_secret_value()):
            raise ValueError("must be the SendKey as its page shows it: SCT… or sctp…t…")
        return key

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that are not always needed."""
        return frozenset({"tags", "api_base"})
