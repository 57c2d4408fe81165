"""The keys that a PayPal channel takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydantic import Field, field_validator

from app.config.platform_settings import OptionalAddress, PlatformSettings, Secrets, Texts
from app.wire.certificates import certificates_by_address

HOST: Final = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,4}paypal\.com")
DAY: Final = 86_400


class PaypalSettings(PlatformSettings):
    """One webhook of a REST application."""

    webhook_id: Secrets = Field(
        (), description="Webhook ID, from Apps & Credentials → the app → Webhooks; a list for several."
    )
    cert_hosts: Texts = Field(
        ("api.paypal.com", "api.sandbox.paypal.com"),
        min_length=1,
        description="Hosts of PayPal whose certificates are believed; leave out the one you do not use.",
    )
    tolerance_s: int | None = Field(
        None,
        ge=1,
        le=7 * DAY,
        description="How old PAYPAL-TRANSMISSION-TIME may be, in seconds; unset: any age, because PayPal repeats for three days.",
    )
    certificates: Mapping[str, str] = Field(
        {}, description="Certificates in PEM by their PAYPAL-CERT-URL, for a gateway that cannot fetch them."
    )
    api_base: OptionalAddress = Field(
        "", description="Address that stands for those hosts; only for a simulator."
    )

    @field_validator("cert_hosts")
    @classmethod
    def _hosts_are_of_paypal(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if any(HOST.fullmatch(host) is None for host in hosts):
            raise ValueError("each host ends with .paypal.com and stands without https://")
        return hosts

    @field_validator("certificates")
    @classmethod
    def _certificates_can_be_read(cls, texts: Mapping[str, str]) -> Mapping[str, str]:
        certificates_by_address(texts)
        return texts

    @property
    def bases(self) -> tuple[str, ...]:
        """The addresses below which certificates are believed."""
        return (self.api_base,) if self.api_base else tuple(f"https://{host}" for host in self.cert_hosts)

    def missing_signature_secret(self) -> str | None:
        """Name `webhook_id` when there is none: PayPal signs for every webhook of everybody with the same key."""
        return None if self.webhook_id else "webhook_id"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"certificates", "api_base"}
