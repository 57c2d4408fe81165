"""The keys of a channel with platform = "wecom-suite": one application of a service provider (企业微信第三方应用), called a suite."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, plain_text
from app.wire.wechat_family.callback_keys import CallbackTokens, EncodingAesKeys
from app.wire.wechat_family.push_settings import SealedPushSettings


class SuiteSettings(SealedPushSettings):
    """What one suite needs; all of its callbacks are encrypted."""

    suite_id: str = Field(min_length=1, description="The suite's id (SuiteID) of the provider's console.")
    suite_secret: SecretStr = Field(
        SecretStr(""),
        description="The suite's Secret; without it the channel takes callbacks and nothing else.",
    )
    customised: bool = Field(
        False,
        description="true: suite_id is a template of customised applications (代开发模板), and a company's permanent code is the Secret "
        "of its application.",
    )
    provider_corp_id: str = Field(
        "",
        description="The provider's own CorpID, for which the check of an address is encrypted; empty takes every id but the "
        "suite's.",
    )
    token: CallbackTokens = Field((), description="The Token of the suite's callback settings.")
    encoding_aes_key: EncodingAesKeys = Field(
        (),
        description="The EncodingAESKey of the suite's callback settings; as a list: the current one, then the previous.",
    )
    max_age: int = Field(
        0,
        ge=0,
        le=86_400,
        description="Seconds a callback's timestamp may be off; 0 accepts any age, repeats are found by their key.",
    )
    api_base: BaseAddress = Field(
        "https://qyapi.weixin.qq.com", description="Only to override: the API's address."
    )
    install_base: BaseAddress = Field(
        "https://open.work.weixin.qq.com",
        description="Only to override: the page where companies authorise.",
    )

    def missing_login_secret(self) -> str | None:
        """Name the Secret."""
        return None if plain_text(self.suite_secret) else "suite_secret"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that belong to one capability, and the provider's id, which may be left open."""
        return super().may_be_empty() | {"provider_corp_id"}
