"""The keys that a Gitee channel takes.

Sources (read 2026-11-28): help.gitee.com, "WebHook 推送数据格式说明" and "WebHook 密钥验证和验证算法"; gitee.com/api/v5/oauth_doc as copies of it tell.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from app.config.platform_settings import BaseAddress, PlatformSettings, Secrets
from app.wire.hosted_people import missing_client


class GiteeSettings(PlatformSettings):
    """One webhook, one application, or both; the mode of the webhook is written here and never read from a request."""

    secret: Secrets = Field(
        (),
        description="Signing key (签名密钥) or password (WebHook 密码) of the webhook; a list during rotation.",
    )
    mode: Literal["signature", "password"] = Field(
        "signature",
        description="What secret is, as it was chosen on the webhook's page: signature or password.",
    )
    client_id: str = Field("", description="Client ID of the third-party application, for login.")
    client_secret: SecretStr = Field(
        SecretStr(""), description="Client Secret of the same application; without it nobody is logged in."
    )
    scope: str = Field(
        "user_info", min_length=1, description="Scopes asked for at login, separated by blanks."
    )
    base_url: BaseAddress = Field("https://gitee.com", description="Address of Gitee.")

    def missing_signature_secret(self) -> str | None:
        """Name `secret`: a webhook without one proves nothing."""
        return None if self.secret else "secret"

    def missing_login_secret(self) -> str | None:
        """Name what the login lacks."""
        return missing_client(self)

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that only one capability needs."""
        return super().may_be_empty() | {"client_id"}
