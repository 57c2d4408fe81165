"""The keys that a Google Pub/Sub channel takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Texts
from app.wire.key_sets import keys_of_set

SUBSCRIPTION: Final = re.compile(r"projects/[a-z0-9:.-]{1,100}/subscriptions/[A-Za-z0-9%._~+-]{1,255}")


class GooglePubsubSettings(PlatformSettings):
    """Push subscriptions that use one service account."""

    audience: str = Field(
        "", description="Audience of the push subscription; at Google it is the push address unless set."
    )
    service_account: str = Field(
        "",
        description="Service account that the push subscription authenticates with (its mail address).",
    )
    subscriptions: Texts = Field(
        (), description="projects/…/subscriptions/…, one or a list: pushes of others are refused. Empty: any."
    )
    payload_unwrapping: bool = Field(
        False, description="true where the subscription has payload unwrapping, with metadata in headers."
    )
    clock_skew_s: int = Field(
        10, ge=0, le=300, description="Seconds that Google's clock and this one may differ."
    )
    jwks: Mapping[str, Any] | None = Field(
        None, description="Google's keys as a JWK set, for a gateway that cannot fetch them."
    )
    api_base: BaseAddress = Field(
        "https://www.googleapis.com", description="Address of Google's keys; only to override it."
    )

    @model_validator(mode="before")
    @classmethod
    def _mail_address_is_the_account(cls, values: Any) -> Any:
        """Take `service_account_email` too, as Google's own settings of a subscription call it (serviceAccountEmail)."""
        if (
            not isinstance(values, dict)
            or "service_account" in values
            or "service_account_email" not in values
        ):
            return values
        rest = {name: value for name, value in values.items() if name != "service_account_email"}
        return {**rest, "service_account": values["service_account_email"]}

    @field_validator("subscriptions")
    @classmethod
    def _subscriptions_are_whole(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if any(SUBSCRIPTION.fullmatch(name) is None for name in names):
            raise ValueError("a subscription is written whole: projects/<project>/subscriptions/<name>")
        return names

    @field_validator("jwks")
    @classmethod
    def _keys_can_be_read(cls, jwks: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if jwks:
            keys_of_set(dict(jwks))
        return jwks

    @property
    def keys_address(self) -> str:
        """Where Google publishes its keys."""
        return f"{self.api_base}/oauth2/v3/certs"

    def missing_signature_secret(self) -> str | None:
        """Name what is missing: Google signs tokens for everybody, so both say whose they are."""
        if not self.audience:
            return "audience"
        return None if self.service_account else "service_account"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"subscriptions", "jwks"}
