"""The keys that a channel of WeChat Pay version 2 takes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from app.config.platform_settings import PlatformSettings, Secrets, Texts, renamed


class WechatpayV2Settings(PlatformSettings):
    """One merchant number (商户号), interface version 2."""

    mch_id: str = Field(
        "",
        description="Merchant number (商户号); notices for another one are refused. Empty: any that the key proves.",
    )
    app_id: Texts = Field(
        (),
        description="App ID, or a list of them: what a notice may name. Empty: any of the merchant's.",
    )
    sub_mch_id: Texts = Field(
        (),
        description="For service providers (服务商): the sub-merchants that a notice may name. Empty: any.",
    )
    api_key: Secrets = Field(
        (),
        description="API key (APIv2密钥, 32 characters) from 账户中心 → API安全; a list while it is exchanged.",
    )
    secret: Secrets = Field(
        (),
        description="The older name of api_key. A channel that uses it keeps the older event types (SUCCESS instead of "
        "pay.SUCCESS).",
    )
    sign_type: Literal["MD5", "HMAC-SHA256"] = Field(
        "MD5", description="The weakest signature that is taken: MD5 (and HMAC-SHA256), or HMAC-SHA256 alone."
    )
    refund_notices: bool = Field(
        True,
        description="true takes refund notices too. Nothing signs them: a handler must ask refundquery before it acts.",
    )

    @model_validator(mode="before")
    @classmethod
    def _takes_the_name_of_the_element(cls, values: Any) -> Any:
        return renamed(values, {"appid": "app_id"})

    @property
    def keys(self) -> Secrets:
        """The API keys under either name."""
        return (*self.api_key, *self.secret)

    @property
    def keeps_older_types(self) -> bool:
        """Whether event types are those that routes of older channels know."""
        return bool(self.secret) and not self.api_key

    def missing_signature_secret(self) -> str | None:
        """Name the key without which nothing is proven."""
        return None if self.keys else "api_key"
