"""The keys that a UnionPay channel takes; each certificate is read at the start, so that a wrong one is told there."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from app.config.platform_settings import PlatformSettings, Secrets, Texts, renamed
from app.wire.certificate_chains import read_authorities

OWNER: Final = "中国银联股份有限公司"


class UnionpaySettings(PlatformSettings):
    """One merchant number (商户号) of the online gateway, version 5.1.0."""

    mer_id: str = Field(
        min_length=1,
        description="Merchant number (商户号, merId); notices for another one are refused.",
    )
    root_cert_pem: Texts = Field(
        (),
        description="CFCA root certificate (acp_prod_root.cer of UnionPay's package) as PEM; a list while it changes.",
    )
    middle_cert_pem: Texts = Field(
        (),
        description="CFCA certificate between the root and UnionPay's (acp_prod_middle.cer) as PEM, or a list.",
    )
    owner_cn_part: str = Field(
        OWNER,
        min_length=4,
        description="The third part of the certificate's CN; UnionPay's name unless you know better.",
    )
    test_certificates: bool = Field(
        False,
        description="true also takes the test environment's certificate, 00040000:SIGN; never in production.",
    )
    secure_key: Secrets = Field(
        (),
        description="Shared key (密钥) for signMethod 11 and 12, where the contract uses one; a list while it changes.",
    )

    @model_validator(mode="before")
    @classmethod
    def _takes_the_name_of_the_field(cls, values: Any) -> Any:
        return renamed(values, {"merId": "mer_id"})

    @field_validator("root_cert_pem", "middle_cert_pem")
    @classmethod
    def _certificates_can_be_read(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        try:
            read_authorities(texts)
        except ValueError as error:
            raise ValueError("it must be the certificate of an authority in PEM") from error
        return texts

    def missing_signature_secret(self) -> str | None:
        """Name what proves notices: the certificates, or a shared key."""
        if self.secure_key or (self.root_cert_pem and self.middle_cert_pem):
            return None
        return "middle_cert_pem" if self.root_cert_pem else "root_cert_pem"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys of which one way of proof needs only some."""
        return super().may_be_empty() | {"root_cert_pem", "middle_cert_pem"}
