"""Login inside WeChat with an account that authorises the third-party platform (代公众号发起网页授权).

Source: WeChat Open Platform page "代公众号发起网页授权" and the addresses that public SDKs use (read 2026-11-28). What is odd: the
account has no secret here, so the third-party platform proves itself by its own token, and stands in the page's address too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from app.core.errors import GrantRejected, LoginError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.wechat_component.component import WechatComponent
from app.platforms.wechat_component.error_codes import COMPONENT
from app.wire.wechat_family.answers import code_use, needed_text
from app.wire.wechat_family.sns_login import SnsClient, read_tokens, refuse_snapshot

ACCOUNT = "appid"
"""Where a person's tokens say which account they are of."""


class ComponentLogin(WechatComponent):
    """Logs people in with authorised accounts; satisfies LoginProvider, LoginPages and AppTokenLogin."""

    pkce: bool = False
    """The platform takes no PKCE values."""

    code_parameters: tuple[str, ...] = ("code",)
    login_needs_app_token: bool = True

    @property
    def pages(self) -> tuple[str, ...]:
        """Return the accounts, each of which has a page."""
        return self.settings.login_app_ids

    def page_for(self, user_agent: str) -> str:
        """Choose the first account: the browser says nothing about it."""
        return self.pages[0]

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the authorize page's address, its parameters in the platform's own order."""
        pairs = (
            ("appid", request.page or self.pages[0]),
            ("redirect_uri", request.redirect_uri),
            ("response_type", "code"),
            ("scope", request.scope or self.settings.scope),
            ("state", request.state),
            ("component_appid", self.app_id),
        )
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        return f"{self.settings.open_base}/connect/oauth2/authorize?{query}#wechat_redirect"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code once; a snapshot page's visitor is refused."""
        account = grant.page or self.pages[0]
        if account not in self.pages:
            raise LoginError(
                "unknown_account", "This account logs nobody in any more; start the login again."
            )
        content = self._ask_sns(
            "access_token", account, grant.app_token, http, code=grant.code, grant_type="authorization_code"
        )
        refuse_snapshot(content)
        return _of_account(read_tokens(content, previous=None), account)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in, as the account knows them."""
        account = needed_text(tokens.extra, ACCOUNT)
        own = self.settings
        return SnsClient(account, "", own.api_base, own.scope).identity(tokens, http)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Prolong the access token."""
        if not tokens.refresh_token:
            raise GrantRejected
        account = needed_text(tokens.extra, ACCOUNT)
        content = self._ask_sns(
            "refresh_token",
            account,
            tokens.app_token,
            http,
            grant_type="refresh_token",
            refresh_token=tokens.refresh_token,
        )
        return _of_account(read_tokens(content, previous=tokens), account)

    def _ask_sns(
        self, call: str, account: str, app_token: str | None, http: HttpClient, **parameters: str
    ) -> Mapping[str, Any]:
        answer = http.request(
            "GET",
            f"{self.settings.api_base}/sns/oauth2/component/{call}",
            params={
                "appid": account,
                "component_appid": self.app_id,
                "component_access_token": app_token or "",
                **parameters,
            },
        )
        return code_use(answer, COMPONENT)


def _of_account(tokens: TokenSet, account: str) -> TokenSet:
    return replace(tokens, extra={**tokens.extra, ACCOUNT: account})
