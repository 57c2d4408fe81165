"""What the simulator is told from outside: credentials, addresses, modes.

One frozen value, read once from a mapping such as the environment. Nothing else in this package reads
the environment. The built-in credentials are fictional and exist so that tests need no settings at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

WECHAT_MODES = ("plain", "compatible", "safe")
CALLBACK_SCHEMES = ("body", "timestamp-nonce", "token", "jwt")


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """The credentials the simulated platforms believe in, and the addresses they use."""

    feishu_app_id: str = "cli_sandbox0001"
    feishu_app_secret: str = "sandbox-feishu-app-secret"
    feishu_verification_token: str = "sandbox-feishu-verification-token"
    feishu_encrypt_key: str = "sandbox-feishu-encrypt-key"
    wechat_app_id: str = "wx5a4db0c0ffee0001"
    wechat_app_secret: str = "sandbox-wechat-app-secret"
    wechat_token: str = "sandboxWechatToken"
    wechat_encoding_aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    wechat_mode: str = "safe"
    wechat_original_id: str = "gh_5a4db0c0ffee"
    wechat_web_app_id: str = "wx5a4db0c0ffee0002"
    wechat_web_app_secret: str = "sandbox-wechat-web-app-secret"
    wechat_mini_app_id: str = "wx5a4db0c0ffee0003"
    wechat_mini_app_secret: str = "sandbox-wechat-mini-app-secret"
    callback_secret: str = "sandbox-callback-secret-of-32-bytes-or-more"
    callback_scheme: str = "body"
    standard_webhooks_secret: str = "whsec_c2FuZGJveC1zdGFuZGFyZC13ZWJob29rcy1zZWNyZXQ="
    oauth2_client_id: str = "client_sandbox0001"
    oauth2_client_secret: str = "secret_sandbox0001"
    oauth2_channel: str = "account"
    """What the gateway calls the OAuth2 channel; used in the link to its login."""
    gateway_url: str = "http://localhost:5003"
    sandbox_url: str = "http://localhost:5004"
    redirect_uris: tuple[str, ...] = ()
    """Registered return addresses; an empty tuple accepts every absolute http(s) address."""

    def __post_init__(self) -> None:
        """Refuses a mode or scheme the simulator does not know."""
        if self.wechat_mode not in WECHAT_MODES:
            raise ValueError(f"WECHAT_MODE must be one of {', '.join(WECHAT_MODES)}")
        if self.callback_scheme not in CALLBACK_SCHEMES:
            raise ValueError(f"CALLBACK_SCHEME must be one of {', '.join(CALLBACK_SCHEMES)}")
        object.__setattr__(self, "gateway_url", self.gateway_url.rstrip("/"))
        object.__setattr__(self, "sandbox_url", self.sandbox_url.rstrip("/"))

    @property
    def wechat_login_apps(self) -> dict[str, str]:
        """The secrets of the two applications that log people in through `sns/oauth2`."""
        return {
            self.wechat_app_id: self.wechat_app_secret,
            self.wechat_web_app_id: self.wechat_web_app_secret,
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> SandboxSettings:
        """Reads every setting from variables of the same name; an empty variable counts as unset."""
        given = {
            field.name: environment[field.name.upper()].strip()
            for field in fields(cls)
            if field.name not in ("gateway_url", "redirect_uris")
            and environment.get(field.name.upper(), "").strip()
        }
        settings = cls(**given)  # type: ignore[arg-type]
        gateway = environment.get("SANDBOX_GATEWAY_URL", "") or environment.get("PUBLIC_BASE_URL", "")
        allowed = environment.get("SANDBOX_REDIRECT_URIS", "")
        return replace(
            settings,
            gateway_url=gateway.strip() or settings.gateway_url,
            redirect_uris=tuple(uri.strip() for uri in allowed.split(",") if uri.strip()),
        )
