"""The keys of a channel with platform = "wechat-component": one third-party platform (第三方平台) of WeChat's Open Platform."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from app.config.platform_settings import BaseAddress, plain_text
from app.wire.wechat_family.push_settings import Mode, PushSettings

APP_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) and value else value or ()


def _usable(app_ids: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(app_ids)) != len(app_ids) or not all(APP_ID.fullmatch(each) for each in app_ids):
        raise ValueError("must be AppIDs, wx followed by 16 characters, each once")
    return app_ids


AppIds = Annotated[tuple[str, ...], BeforeValidator(_as_list), AfterValidator(_usable)]


class ComponentSettings(PushSettings):
    """What one third-party platform needs; all of its callbacks are encrypted."""

    component_app_id: str = Field(min_length=1, description="The third-party platform's AppID.")
    component_app_secret: SecretStr = Field(
        SecretStr(""),
        description="The third-party platform's AppSecret; without it the channel takes callbacks and nothing else.",
    )
    auth_type: Literal[1, 2, 3] = Field(
        3, description="Who may authorise on its page: 1 Official Accounts, 2 Mini Programs, 3 both."
    )
    release_test: bool = Field(
        False,
        description="true answers WeChat's release test (全网发布检测), to its own test accounts only; switch it off afterwards.",
    )
    login_app_ids: AppIds = Field(
        (),
        description="AppIDs of authorised Official Accounts that log people in; `start?page=<AppID>` chooses, the first one "
        "otherwise.",
    )
    scope: Literal["snsapi_userinfo", "snsapi_base"] = Field(
        "snsapi_userinfo",
        description="snsapi_userinfo asks for name and picture; snsapi_base silently reads the OpenID.",
    )
    api_base: BaseAddress = Field(
        "https://api.weixin.qq.com", description="Only to override: the API's address."
    )
    open_base: BaseAddress = Field(
        "https://open.weixin.qq.com", description="Only to override: the login pages."
    )
    mp_base: BaseAddress = Field(
        "https://mp.weixin.qq.com", description="Only to override: the page where accounts authorise."
    )

    @model_validator(mode="after")
    def _is_always_encrypted(self) -> Self:
        if self.allow_unsigned:
            raise ValueError(
                "allow_unsigned must be left out: this platform signs and encrypts every callback, set token and encoding_aes_key"
            )
        if self.mode == "plain":
            raise ValueError("mode must be left out: this platform encrypts every callback")
        return self

    @property
    def callback_mode(self) -> Mode:
        """The mode in force; there is one only."""
        return "safe"

    def missing_login_secret(self) -> str | None:
        """Name the AppSecret."""
        return None if plain_text(self.component_app_secret) else "component_app_secret"
