"""The keys that a Microsoft Graph channel takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets, Texts, plain, plain_text
from app.wire.key_sets import keys_of_set
from app.wire.public_keys import read_private_rsa_key

LONGEST_STATE: Final = 255

CHANGE_TRACKING: Final = "0bf30f3b-4a52-48df-9a82-234910c4a086"


class MicrosoftGraphSettings(PlatformSettings):
    """Subscriptions of one application, in one tenant or several."""

    client_state: Secrets = Field(
        (),
        description="What the subscriptions were created with as clientState, a random text; a list while it changes.",
    )
    app_id: Texts = Field(
        (), description="Application (client) ID, one or a list; needed for notifications with resource data."
    )
    tenants: Texts = Field(
        (),
        description="Tenant IDs whose notifications are taken; needed with resource data. Empty: not compared.",
    )
    encryption_keys: Mapping[str, SecretStr] = Field(
        {}, description="Private keys in PEM by the encryptionCertificateId that the subscription names."
    )
    change_tracking_app_id: str = Field(
        CHANGE_TRACKING, description="Application that sends change notifications; only to override it."
    )
    repeated_updates: bool = Field(
        False,
        description='true for resources without @odata.etag (presence): each "updated" is then an event of its own.',
    )
    jwks: Mapping[str, Any] | None = Field(
        None, description="Microsoft's keys as a JWK set, for a gateway that cannot fetch them."
    )
    login_base: BaseAddress = Field(
        "https://login.microsoftonline.com",
        description="Address of the login service; other clouds have their own.",
    )

    @field_validator("client_state")
    @classmethod
    def _state_fits(cls, states: Secrets) -> Secrets:
        if any(len(state) > LONGEST_STATE for state in plain(states)):
            raise ValueError(f"clientState has at most {LONGEST_STATE} characters")
        return states

    @field_validator("encryption_keys")
    @classmethod
    def _keys_can_be_read(cls, keys: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        filled = {name: key for name, key in keys.items() if plain_text(key)}
        for key in filled.values():
            try:
                read_private_rsa_key(plain_text(key))
            except ValueError as error:
                raise ValueError(
                    "an encryption key must be a private key in PEM, RSA with 2048 bits"
                ) from error
        return filled

    @field_validator("jwks")
    @classmethod
    def _jwks_can_be_read(cls, jwks: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if jwks:
            keys_of_set(dict(jwks))
        return jwks

    @property
    def keys_address(self) -> str:
        """Where Microsoft publishes its keys."""
        return f"{self.login_base}/common/discovery/v2.0/keys"

    @property
    def issuers(self) -> dict[str, str]:
        """The issuers of tokens for the configured tenants, in both versions of tokens, each with its tenant."""
        found = {f"{self.login_base}/{tenant}/v2.0": tenant for tenant in self.tenants}
        return found | {f"https://sts.windows.net/{tenant}/": tenant for tenant in self.tenants}

    def missing_signature_secret(self) -> str | None:
        """Name `client_state` when there is none."""
        return None if self.client_state else "client_state"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"app_id", "tenants", "jwks"}
