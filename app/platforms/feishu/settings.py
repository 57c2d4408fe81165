"""The keys a Feishu channel takes, and the addresses of the two brands.

One channel is one app of one brand: credentials of Feishu do not work at Lark, nor the other way round.
Source: Feishu Open Platform, pages 获取授权码 and 步骤三：接收事件 (read 2026-11-20).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets, plain_text
from app.config.setting_kinds import http_address

Brand = Literal["feishu", "lark"]

API_BASES: Mapping[Brand, str] = MappingProxyType(
    {"feishu": "https://open.feishu.cn", "lark": "https://open.larksuite.com"}
)
ACCOUNTS_BASES: Mapping[Brand, str] = MappingProxyType(
    {"feishu": "https://accounts.feishu.cn", "lark": "https://accounts.larksuite.com"}
)


def _each_scope_once(value: str) -> str:
    # A scope that is written twice is error 20067 at the platform.
    return " ".join(dict.fromkeys(value.split()))


def _hook_address(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        http_address(value.get_secret_value())
    return value


RobotHook = Annotated[SecretStr, AfterValidator(_hook_address)]


class FeishuSettings(PlatformSettings):
    """One app of the Feishu or Lark console, or a group's robot, or both."""

    app_id: str = Field(
        "",
        description="App ID (cli_…), from Credentials & Basic Info in the developer console; only a robot does without it.",
    )
    app_secret: SecretStr = Field(
        SecretStr(""),
        description="App Secret, from the same page; without it nobody is logged in, and only a robot sends.",
    )
    verification_token: Secrets = Field(
        (),
        description="Verification Token, from Events & Callbacks; without it no callback is taken.",
    )
    encrypt_key: Secrets = Field(
        (),
        description="Encrypt Key, from the same page; it makes Feishu sign and encrypt every callback. "
        "Without it the token says who calls, and nothing about the rest.",
    )
    old_cards: bool = Field(
        False, description="true also takes clicks on old message cards, which are signed with SHA-1 only."
    )
    robot_hook: RobotHook = Field(
        SecretStr(""),
        description="Webhook address of a custom group bot (自定义机器人), for sending to its group. Whoever knows it can write there.",
    )
    robot_secret: SecretStr = Field(
        SecretStr(""), description="Signature secret (签名校验) of that bot, when it has one."
    )
    brand: Brand = Field("feishu", description="feishu (mainland) or lark (international).")
    scope: Annotated[str, AfterValidator(_each_scope_once)] = Field(
        "offline_access",
        description="Permissions asked for at login, separated by blanks; the console must enable each. "
        "offline_access gives a refresh token; an empty value logs in without one.",
    )
    api_base: BaseAddress = Field(
        API_BASES["feishu"], description="Address of the open API; only to override the brand's."
    )
    accounts_base: BaseAddress = Field(
        ACCOUNTS_BASES["feishu"],
        description="Address of the login pages and the token endpoint; only to override the brand's.",
    )

    @model_validator(mode="before")
    @classmethod
    def _addresses_of_the_brand(cls, table: Any) -> Any:
        # Filled in here, because the addresses in the settings are the only ones the channel may call.
        if not isinstance(table, dict) or table.get("brand") != "lark":
            return table
        return {"api_base": API_BASES["lark"], "accounts_base": ACCOUNTS_BASES["lark"]} | table

    @model_validator(mode="after")
    def _has_an_app(self) -> Self:
        has_keys = plain_text(self.app_secret) or self.verification_token or self.encrypt_key
        if not self.app_id and (has_keys or not plain_text(self.robot_hook)):
            raise ValueError(
                "app_id is missing; only a channel with nothing but a robot_hook does without it"
            )
        return self

    def missing_signature_secret(self) -> str | None:
        """Name the token that every callback must hold; the Encrypt Key is optional at Feishu, and says more."""
        return None if self.verification_token else "verification_token"

    def missing_login_secret(self) -> str | None:
        """Name the App Secret."""
        return None if self.app_secret.get_secret_value() else "app_secret"
