"""The keys that a Huawei IAP channel takes; the root is read at the start, so that a wrong one is told there."""

from __future__ import annotations

from pydantic import Field, field_validator

from app.config.platform_settings import PlatformSettings, Texts
from app.wire.certificate_chains import read_authorities


class HuaweiIapSettings(PlatformSettings):
    """One application of AppGallery Connect."""

    application_id: str = Field(
        min_length=1,
        description="APP ID from AppGallery Connect; notices for another application are refused.",
    )
    package_name: str = Field(
        "", description="Package name that a notice must name; empty: any. Test notices have none."
    )
    environment: str = Field(
        "NORMAL",
        min_length=1,
        description="NORMAL in production; the word for the sandbox, SANDBOX, is unconfirmed. Notices of another one are refused.",
    )
    root_certs_pem: Texts = Field(
        (),
        description="Huawei CBG Root CA G2 as PEM or Base64, from https://pki.consumer.huawei.com/ca/cer/RootCaG2Ecdsa.cer; a list "
        "while it changes.",
    )
    revocation_checks: bool = Field(
        False, description="Must be false: no lists of revoked certificates are fetched."
    )

    @field_validator("root_certs_pem")
    @classmethod
    def _roots_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        try:
            read_authorities(texts)
        except ValueError as error:
            raise ValueError("it must be the certificate of an authority in PEM or Base64") from error
        return texts

    @field_validator("revocation_checks")
    @classmethod
    def _is_not_offered(cls, wanted: bool) -> bool:
        if wanted:
            raise ValueError("it must be false; lists of revoked certificates are not fetched")
        return wanted

    def missing_signature_secret(self) -> str | None:
        """Name the root without which no certificate proves anything."""
        return None if self.root_certs_pem else "root_certs_pem"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which only callbacks are off."""
        return super().may_be_empty() | {"root_certs_pem"}
