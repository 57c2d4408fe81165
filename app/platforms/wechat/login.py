"""Login inside WeChat with an Official Account (网页授权).

Source: WeChat "网页授权" page (read 2026-11-20). What is odd: the authorize address is matched by a strict pattern,
so the order of its parameters is part of the protocol. The calls behind it are in app.wire.wechat_family.sns_login.
"""

from __future__ import annotations

from urllib.parse import quote

from app.core.ports import AuthorizeRequest
from app.platforms.wechat.account import WechatAccount
from app.wire.wechat_family.browsers import is_wechat
from app.wire.wechat_family.sns_login import UNION_ISSUER, SnsClient, SnsLogin


class WechatLogin(SnsLogin, WechatAccount):
    """Logs people in; satisfies LoginProvider, BrowserFit and UnionLogin."""

    pkce: bool = False
    """The platform takes no PKCE values."""

    code_parameters: tuple[str, ...] = ("code",)
    union_issuer: str = UNION_ISSUER

    def fits(self, user_agent: str) -> bool:
        """Fit WeChat's own browser: everywhere else the page only says that it must be opened in WeChat."""
        return is_wechat(user_agent)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the authorize page's address, its parameters in the platform's own order.

        `connect_redirect=1` keeps the in-app browser from returning twice (JustAuth issue 99).
        """
        pairs = (
            ("appid", self.settings.app_id),
            ("redirect_uri", request.redirect_uri),
            ("response_type", "code"),
            ("scope", request.scope or self.settings.scope),
            ("state", request.state),
            ("connect_redirect", "1"),
        )
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        return f"{self.settings.open_base}/connect/oauth2/authorize?{query}#wechat_redirect"

    def _sns(self) -> SnsClient:
        own = self.settings
        return SnsClient(own.app_id, self.secret, own.api_base, own.scope)
