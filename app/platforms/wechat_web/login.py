"""Login by scanning a QR code on a website.

Source: WeChat "网站应用微信登录" page (read 2026-11-20). What is odd: who refuses on the phone is not sent back at all. The
OpenID differs from that of an Official Account; the UnionID is the same inside one Open Platform account.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from app.config.platform_settings import plain_text
from app.core.ports import AuthorizeRequest
from app.platforms.wechat_web.settings import WechatWebSettings
from app.wire.wechat_family.browsers import is_wechat
from app.wire.wechat_family.sns_login import UNION_ISSUER, SnsClient, SnsLogin

SCOPE = "snsapi_login"
"""The only scope of website applications."""


@dataclass(frozen=True, repr=False)
class WechatWebApplication:
    """One website application; logging in is derived from it."""

    settings: WechatWebSettings


class WechatWebLogin(SnsLogin, WechatWebApplication):
    """Logs people in; satisfies LoginProvider, BrowserFit and UnionLogin."""

    pkce: bool = False
    """The platform takes no PKCE values."""

    code_parameters: tuple[str, ...] = ("code",)
    union_issuer: str = UNION_ISSUER

    def fits(self, user_agent: str) -> bool:
        """Fit every browser but WeChat's own, where nobody can scan the phone in their hand."""
        return not is_wechat(user_agent)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the address of the page with the QR code, its parameters in the platform's own order."""
        pairs = [
            ("appid", self.settings.app_id),
            ("redirect_uri", request.redirect_uri),
            ("response_type", "code"),
            ("scope", SCOPE),
            ("state", request.state),
        ]
        if self.settings.lang is not None:
            pairs.append(("lang", self.settings.lang))
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        return f"{self.settings.open_base}/connect/qrconnect?{query}#wechat_redirect"

    def _sns(self) -> SnsClient:
        own = self.settings
        return SnsClient(own.app_id, plain_text(own.app_secret), own.api_base, SCOPE)
