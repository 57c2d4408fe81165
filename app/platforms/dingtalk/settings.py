"""The keys a DingTalk channel takes. Source: `/docs/platforms/dingtalk.md` and the pages named there."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets, plain_text
from app.wire.wechat_family.crypto import decode_aes_key

API = "https://api.dingtalk.com"
OLD_API = "https://oapi.dingtalk.com"
LOGIN = "https://login.dingtalk.com"
ROBOT_TOKEN = re.compile(r"[A-Za-z0-9_\-]{8,128}")
JSAPI = "https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js"


def _aes_keys(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for value in values:
        try:
            decode_aes_key(value.get_secret_value())
        except ValueError as error:
            raise ValueError("must be the 43 letters and digits of 加密 aes_key in the console") from error
    return values


def _robot_token(token: SecretStr) -> SecretStr:
    """Take the token alone or the robot's whole address, where it stands behind access_token=."""
    text = token.get_secret_value().rpartition("access_token=")[2].partition("&")[0]
    if text and not ROBOT_TOKEN.fullmatch(text):
        raise ValueError("must be what stands behind access_token= in the robot's address")
    return SecretStr(text)


def _as_text(value: object) -> object:
    """Take the number as people write it in TOML, without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class DingtalkSettings(PlatformSettings):
    """One internal application of open-dev.dingtalk.com."""

    app_key: str = Field(
        "",
        description="Client ID (AppKey, ding…), from Credentials in the developer console; only a group's robot does without it.",
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
    agent_id: Annotated[str, BeforeValidator(_as_text)] = Field(
        "",
        description="AgentId of the application: members then get work notices (工作通知), without it messages of its robot.",
    )
    robot_token: Annotated[SecretStr, AfterValidator(_robot_token)] = Field(
        SecretStr(""),
        description="The token of a group's robot (自定义机器人): what stands behind access_token= in its address, or the whole address.",
    )
    robot_secret: SecretStr = Field(
        SecretStr(""), description="Signature secret of that robot (加签, SEC…), when it has one."
    )
    robot_code: str = Field(
        "", description="The code of the application's own robot (机器人编码); empty takes app_key."
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
    def _has_an_application(self) -> DingtalkSettings:
        is_robot_only = bool(plain_text(self.robot_token)) and not (
            plain_text(self.app_secret) or self.token or self.aes_key
        )
        if not self.app_key and not is_robot_only:
            raise ValueError(
                "app_key is missing; only a channel with nothing but a robot_token does without it"
            )
        return self

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
