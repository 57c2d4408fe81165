"""The keys that a channel for App Store Server Notifications takes."""

from __future__ import annotations

from typing import Any, Literal

from cryptography.x509 import Certificate
from pydantic import Field, field_validator

from app.config.platform_settings import PlatformSettings, Texts
from app.platforms.apple_notifications.root import APPLE_ROOT_CA_G3
from app.wire.certificate_chains import read_authorities


class AppleNotificationsSettings(PlatformSettings):
    """One app in one environment."""

    bundle_id: str = Field("", description="Bundle ID of the app; notifications of other apps are refused.")
    app_apple_id: int | None = Field(
        None,
        ge=1,
        description="Apple ID of the app (App Store Connect → App Information); compared in Production.",
    )
    environment: Literal["Production", "Sandbox"] = Field(
        "Production", description="Environment whose notifications are taken; a channel has one."
    )
    root_certs_pem: Texts = Field(
        (),
        description="Root certificates in PEM instead of Apple Root CA - G3; only for tests and a simulator.",
    )
    online_checks: Literal[False] = Field(
        False, description="Always false: Apple is not asked whether a certificate was withdrawn."
    )

    @field_validator("app_apple_id", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("root_certs_pem")
    @classmethod
    def _roots_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        try:
            read_authorities(texts)
        except ValueError as error:
            raise ValueError("a root certificate must be PEM") from error
        return texts

    @property
    def roots(self) -> tuple[Certificate, ...]:
        """The roots that are believed."""
        return read_authorities(self.root_certs_pem or (APPLE_ROOT_CA_G3,))

    def missing_signature_secret(self) -> str | None:
        """Name `bundle_id` when there is none: Apple signs for every app with the same certificate."""
        return None if self.bundle_id else "bundle_id"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"bundle_id", "app_apple_id", "root_certs_pem"}
