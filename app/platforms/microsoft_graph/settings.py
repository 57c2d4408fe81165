"""The keys that a Microsoft Graph channel takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr, field_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets, Texts, plain, plain_text
from app.wire.sources.jwt_proofs import keys_of_set

LONGEST_STATE: Final = 255
LEAST_KEY_BITS: Final = 2048
MOST_KEPT: Final = 32
"""Keys that are kept: one takes 50 ms to check, and a channel is read several times on its way to be opened."""

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
            read_private_key(plain_text(key))
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


@lru_cache(MOST_KEPT)
def read_private_key(text: str) -> RSAPrivateKey:
    """Return the key of a PEM text; raises ValueError with a sentence that holds nothing of it."""
    try:
        key = load_pem_private_key(text.replace("\\n", "\n").strip().encode("ascii"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("an encryption key must be a private key in PEM without a password") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_KEY_BITS:
        raise ValueError(f"an encryption key must be RSA with at least {LEAST_KEY_BITS} bits")
    return key
