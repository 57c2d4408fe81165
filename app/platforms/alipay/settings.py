"""The keys an Alipay channel takes. Source: `/docs/platforms/alipay.md` and the pages named there."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets
from app.platforms.alipay import keys

GATEWAY = "https://openapi.alipay.com/gateway.do"
OPENAUTH = "https://openauth.alipay.com"


def _public_keys(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for value in values:
        keys.public_key(value.get_secret_value())
    return values


def _private_key(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        keys.private_key(value.get_secret_value())
    return value


def _certificate(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        keys.certificate_key(value.get_secret_value())
    return value


def _certificates(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for value in values:
        _certificate(value)
    return values


def _root(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        keys.root_number(value.get_secret_value())
    return value


class AlipaySettings(PlatformSettings):
    """One application of open.alipay.com."""

    app_id: str = Field(
        min_length=1, description="APPID (2021…), from the application's page in the console."
    )
    seller_id: str = Field(
        "",
        description="The merchant's PID (2088…). A trade notification for another seller is then refused; empty takes every "
        "seller's.",
    )
    app_private_key: Annotated[SecretStr, AfterValidator(_private_key)] = Field(
        SecretStr(""),
        description="The application's own RSA2 private key, PEM or bare Base64; without it nobody is logged in.",
    )
    alipay_public_key: Annotated[Secrets, AfterValidator(_public_keys)] = Field(
        (),
        description="Alipay's public key (not the application's), PEM or bare Base64; a list while it changes.",
    )
    app_cert: Annotated[SecretStr, AfterValidator(_certificate)] = Field(
        SecretStr(""), description="Certificate mode: appCertPublicKey_<APPID>.crt as PEM."
    )
    alipay_cert: Annotated[Secrets, AfterValidator(_certificates)] = Field(
        (),
        description="Certificate mode: alipayCertPublicKey_RSA2.crt as PEM; takes the place of alipay_public_key. A list while "
        "it changes.",
    )
    alipay_root_cert: Annotated[SecretStr, AfterValidator(_root)] = Field(
        SecretStr(""), description="Certificate mode: alipayRootCert.crt as PEM."
    )
    scope: str = Field(
        "auth_user",
        description="auth_user asks for name and picture; auth_base is silent and gives the id only.",
    )
    gateway_url: BaseAddress = Field(
        GATEWAY, description="Address of the gateway; Alipay's sandbox has another one."
    )
    openauth_base: BaseAddress = Field(OPENAUTH, description="Address of the login pages.")

    @model_validator(mode="after")
    def _certificates_belong_together(self) -> Self:
        app, root = self.app_cert.get_secret_value(), self.alipay_root_cert.get_secret_value()
        if bool(app) is not bool(root):
            raise ValueError(
                "app_cert and alipay_root_cert go together: set both, or neither to work with public keys"
            )
        if app and not self.alipay_cert:
            raise ValueError(
                "app_cert needs alipay_cert (alipayCertPublicKey_RSA2.crt): in certificate mode it proves Alipay's answers"
            )
        own = self.app_private_key.get_secret_value()
        if app and own and keys.certificate_key(app) != keys.private_key(own).public_key():
            raise ValueError(
                "app_cert was issued for another key than app_private_key; download it anew from the console"
            )
        return self

    def missing_signature_secret(self) -> str | None:
        """Name the key by which Alipay is known; a certificate of Alipay's does as well."""
        return None if self.alipay_public_key or self.alipay_cert else "alipay_public_key"

    def missing_login_secret(self) -> str | None:
        """Name the application's own key, or Alipay's, which proves the answers."""
        if not self.app_private_key.get_secret_value():
            return "app_private_key"
        return self.missing_signature_secret()
