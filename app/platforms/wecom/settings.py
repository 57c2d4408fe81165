"""The keys of a channel with platform = "wecom": one self-built application of a company (企业微信自建应用)."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from app.config.platform_settings import BaseAddress, plain_text
from app.wire.wechat_family.callback_keys import CallbackTokens, EncodingAesKeys
from app.wire.wechat_family.push_settings import SealedPushSettings

LONGEST_AGENT_ID = 64
ROBOT_KEY = re.compile(r"[A-Za-z0-9_\-]{8,128}")


def _as_text(value: object) -> object:
    """Take the number as people write it in TOML, without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _usable_agent_id(text: str) -> str:
    if text and not (text.isascii() and text.isalnum() and len(text) <= LONGEST_AGENT_ID):
        raise ValueError("must be the AgentId of the application's page, such as 1000002")
    return text


def _usable_robot_key(key: SecretStr) -> SecretStr:
    """Take the key alone or the robot's whole address, whose last part it is."""
    text = key.get_secret_value().rpartition("key=")[2]
    if text and not (ROBOT_KEY.fullmatch(text)):
        raise ValueError("must be what stands behind key= in the robot's address")
    return SecretStr(text)


AgentId = Annotated[str, BeforeValidator(_as_text), AfterValidator(_usable_agent_id)]


class WecomSettings(SealedPushSettings):
    """What one application needs; a channel for the contacts or customer events of a company has no agent_id.

    A channel that does nothing but speak with a group's robot has a robot_key and nothing else.
    """

    corp_id: str = Field(
        "",
        description="The company's id (企业ID) of the page My company (我的企业); only a robot does without it.",
    )
    agent_id: AgentId = Field(
        "",
        description="The application's AgentId; without it nobody is logged in.",
    )
    secret: SecretStr = Field(
        SecretStr(""),
        description="The application's Secret; without it the channel takes callbacks but neither logs in nor sends.",
    )
    robot_key: Annotated[SecretStr, AfterValidator(_usable_robot_key)] = Field(
        SecretStr(""),
        description="The key of a group's robot (消息推送): what stands behind key= in its address, or the whole address.",
    )
    duplicate_check: bool = Field(
        False,
        description="true lets WeCom drop a message of the application that it got already within half an hour, so that an unclear "
        "ending may be repeated.",
    )
    token: CallbackTokens = Field(
        (), description="The Token of the page where messages are received (接收消息, API接收)."
    )
    encoding_aes_key: EncodingAesKeys = Field(
        (),
        description="The EncodingAESKey of the same page; as a list: the current one, then the previous.",
    )
    max_age: int = Field(
        0,
        ge=0,
        le=86_400,
        description="Seconds a callback's timestamp may be off; 0 accepts any age, repeats are found by their key.",
    )
    scope: Literal["snsapi_base", "snsapi_privateinfo"] = Field(
        "snsapi_base",
        description="snsapi_base asks nothing; snsapi_privateinfo asks inside the app for the picture as well.",
    )
    api_base: BaseAddress = Field(
        "https://qyapi.weixin.qq.com", description="Only to override: the API's address."
    )
    open_base: BaseAddress = Field(
        "https://open.weixin.qq.com", description="Only to override: the login page inside the app."
    )
    login_base: BaseAddress = Field(
        "https://login.work.weixin.qq.com",
        description="Only to override: the login page with the QR code.",
    )

    @model_validator(mode="after")
    def _has_a_company(self) -> Self:
        is_robot_only = bool(plain_text(self.robot_key)) and not (
            self.agent_id or plain_text(self.secret) or self.token or self.encoding_aes_key
        )
        if not self.corp_id and not is_robot_only:
            raise ValueError(
                "corp_id is missing; only a channel with nothing but a robot_key does without it"
            )
        return self

    def missing_login_secret(self) -> str | None:
        """Name the key without which nobody can be logged in."""
        if not self.secret.get_secret_value():
            return "secret"
        return None if self.agent_id else "agent_id"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that belong to one capability; a channel for contact events has no AgentId."""
        return super().may_be_empty() | {"agent_id"}
