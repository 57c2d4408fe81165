"""The keys a DingTalk channel takes. Source: `/docs/platforms/dingtalk.md` and the pages named there."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets
from app.wire.wechat_family.crypto import decode_aes_key

API = "https://api.dingtalk.com"
OLD_API = "https://oapi.dingtalk.com"
LOGIN = "https://login.dingtalk.com"
JSAPI = "https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js"


def _aes_keys(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for value in values:
        try:
            decode_aes_key(value.get_secret_value())
        except ValueError as error:
            raise ValueError("must be the 43 letters and digits of 加密 aes_key in the console") from error
    return values


class DingtalkSettings(PlatformSettings):
    """One internal application of open-dev.dingtalk.com."""

    app_key: str = Field(
        min_length=1, description="Client ID (AppKey, ding…), from Credentials in the developer console."
    )
    app_secret: SecretStr = Field(
        SecretStr(""),
        description="Client Secret (AppSecret), from the same page; without it nobody is logged in and no robot is believed.",
    )
    token: Secrets = Field(
        (),
        description="Signature token (签名 token) of the event subscription; without it no event is taken.",
    )
    aes_key: Annotated[Secrets, AfterValidator(_aes_keys)] = Field(
        (), description="Encryption key (加密 aes_key) of the event subscription, 43 characters."
    )
    corp_id: str = Field(
        "",
        description="CorpId of the company (ding…). Events may be addressed to it, and only its people are logged in.",
    )
    agent_id: str = Field("", description="AgentId of the application, for work notices.")
    robot_token: str = Field(
        "", repr=False, description="access_token of a group robot's address, for sending."
    )
    robot_secret: SecretStr = Field(
        SecretStr(""), description="Signature secret of that robot (SEC…), when it has one."
    )
    in_app_login: bool = Field(
        False,
        description="true logs members of corp_id in without a page inside DingTalk (免登); people are then known by their userid, on a "
        "desktop too.",
    )
    scope: str = Field(
        "",
        description="openid, or openid corpid to choose a company; empty takes corpid when corp_id is set.",
    )
    api_base: BaseAddress = Field(API, description="Address of the API.")
    login_base: BaseAddress = Field(LOGIN, description="Address of the login pages.")
    oapi_base: BaseAddress = Field(OLD_API, description="Address of the older API, which names members.")
    jsapi_url: BaseAddress = Field(
        JSAPI, description="Address of DingTalk's script for pages inside the app."
    )

    @model_validator(mode="after")
    def _members_of_one_company(self) -> DingtalkSettings:
        if self.in_app_login and not self.corp_id:
            raise ValueError("in_app_login needs corp_id: only a company has members")
        return self

    def missing_signature_secret(self) -> str | None:
        """Name the key without which no event can be proven; robots are proven with the app_secret."""
        if self.app_secret.get_secret_value() or (self.token and self.aes_key):
            return None
        return "aes_key" if self.token else "token"

    def missing_login_secret(self) -> str | None:
        """Name the Client Secret."""
        return None if self.app_secret.get_secret_value() else "app_secret"
