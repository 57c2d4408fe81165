"""The keys that a Huawei Account channel takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Texts
from app.security.outbound import origin_of
from app.wire.key_sets import keys_of_set

ISSUER: Final = "id.cloud.huawei.com"
"""Whom Huawei's page names as the sender of every message."""


class HuaweiAccountSettings(PlatformSettings):
    """The subscription of one application."""

    client_id: str = Field(
        "", description="Client ID of the application that subscribed; tokens name it as their audience."
    )
    clock_skew_s: int = Field(
        60, ge=0, le=300, description="Seconds that Huawei's clock and this one may differ."
    )
    oldest_s: int = Field(
        86_400,
        ge=60,
        le=604_800,
        description="Seconds since a token was made for which it is taken, where it names no end.",
    )
    jwks: Mapping[str, Any] | None = Field(
        None, description="Huawei's keys as a JWK set, for a gateway that cannot fetch them."
    )
    issuer: str = Field(
        ISSUER,
        min_length=1,
        description="Issuer of tokens where jwks is set; else Huawei's configuration names it.",
    )
    key_origins: Texts = Field(
        ("https://oauth-login.cloud.huawei.com", "https://id.cloud.huawei.com"),
        description="Origins beside risc_base where Huawei's configuration may say that its keys are.",
    )
    risc_base: BaseAddress = Field(
        "https://risc.cloud.huawei.com", description="Address of Huawei's configuration; only to override it."
    )

    @field_validator("jwks")
    @classmethod
    def _keys_can_be_read(cls, jwks: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if jwks:
            keys_of_set(dict(jwks))
        return jwks

    @field_validator("key_origins")
    @classmethod
    def _origins_are_such(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for each in origins:
            if origin_of(each) != each:
                raise ValueError(
                    f"{each!r} must be scheme and host alone, such as https://id.cloud.huawei.com"
                )
        return origins

    @property
    def configuration_address(self) -> str:
        """Where Huawei says who signs and where the keys are."""
        return f"{self.risc_base}/v1beta/public/risc/.well-known/risc-configuration"

    def missing_signature_secret(self) -> str | None:
        """Name what is missing: Huawei signs for every application, so the Client ID says whose message it is."""
        return None if self.client_id else "client_id"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"jwks", "key_origins"}
