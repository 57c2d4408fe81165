"""Login with WeCom: silently inside the app, by QR code on a desktop.

Source: WeCom pages 构造网页授权链接 (91022), 获取访问用户身份 (91023), 获取访问用户敏感信息 (95833), Web登录组件 (98152) (read
2026-11-20). What is odd: the code is redeemed with the application's own token, nobody gets a token of theirs, and people
who are no members get an answer without error and without `userid`, which is no login.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.core.errors import GrantRejected, LoginError, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.wecom.application import WecomApplication
from app.wire.wechat_family.answers import code_use, needed_text, optional_text, token_use
from app.wire.wechat_family.work_error_codes import WECOM

IN_APP, BY_QR = "app", "qr"
APP_BROWSERS = ("wxwork", "micromessenger")
"""Parts of the User-Agent of WeCom's browser, and of WeChat's, where its members open the same page."""

NO_TOKEN = "none"  # noqa: S105 - says that there is no token
SHOWN = ("name", "alias", "position", "department")
"""What may be shown; mail and phone numbers stay out."""


class WecomLogin(WecomApplication):
    """Logs people in; satisfies LoginProvider, LoginPages and AppTokenLogin of app.core.ports."""

    pkce: bool = False
    """The platform takes no PKCE values."""

    code_parameters: tuple[str, ...] = ("code",)
    pages: tuple[str, ...] = (IN_APP, BY_QR)
    login_needs_app_token: bool = True

    def page_for(self, user_agent: str) -> str:
        """Choose the silent page where the browser is the app's own, the QR code everywhere else."""
        name = user_agent.lower()
        return IN_APP if any(part in name for part in APP_BROWSERS) else BY_QR

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page's address, its parameters in the order of the platform's own samples."""
        own = self.settings
        if request.page == BY_QR:
            query = _query(
                ("login_type", "CorpApp"),
                ("appid", own.corp_id),
                ("agentid", own.agent_id),
                ("redirect_uri", request.redirect_uri),
                ("state", request.state),
            )
            return f"{own.login_base}/wwlogin/sso/login?{query}"
        query = _query(
            ("appid", own.corp_id),
            ("redirect_uri", request.redirect_uri),
            ("response_type", "code"),
            ("scope", request.scope or own.scope),
            ("state", request.state),
            ("agentid", own.agent_id),
        )
        return f"{own.open_base}/connect/oauth2/authorize?{query}#wechat_redirect"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code once with the application's token; an answer without `userid` names no member."""
        token = _app_token(grant.app_token)
        answer = http.request(
            "GET", self.api("auth/getuserinfo"), params={"access_token": token, "code": grant.code}
        )
        content = code_use(answer, WECOM)
        member = optional_text(content, "userid")
        if member is None:
            raise LoginError(
                "not_a_member",
                "Only members of the company can log in here, and WeCom says that you are none of this one.",
            )
        picture = self._picture(optional_text(content, "user_ticket"), token, http)
        return TokenSet(NO_TOKEN, extra={"userid": member, **({"avatar_url": picture} if picture else {})})

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; a member of a linked company (`company/userid`) is known by the id alone."""
        member = needed_text(tokens.extra, "userid", WECOM.platform)
        if "/" in member:
            return self._identity(member, {}, tokens.extra)
        answer = http.request(
            "GET",
            self.api("user/get"),
            params={"access_token": _app_token(tokens.app_token), "userid": member},
        )
        content = token_use(answer, WECOM)
        if needed_text(content, "userid", WECOM.platform).lower() != member.lower():
            raise LoginError("identity_mismatch", "WeCom named another person than the one who logged in.")
        return self._identity(member, content, tokens.extra)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Refuse: nobody has a token of their own here."""
        raise GrantRejected("WeCom gives no tokens of people; log in again.")

    def _picture(self, ticket: str | None, token: str, http: HttpClient) -> str | None:
        """Read the picture that somebody allowed; the member is known already, so a refusal only costs the picture.

        The code is spent by now: a refused token must not make anybody redeem it once more.
        """
        if ticket is None:
            return None
        try:
            answer = http.request(
                "POST",
                self.api("auth/getuserdetail"),
                params={"access_token": token},
                json={"user_ticket": ticket},
            )
            return _address(optional_text(token_use(answer, WECOM), "avatar"))
        except UpstreamError:
            return None

    def _identity(self, member: str, content: Mapping[str, Any], kept: Mapping[str, str]) -> Identity:
        return Identity(
            issuer=f"wecom:{self.settings.corp_id}",
            subject_kind="user_id",
            subject=member,
            name=optional_text(content, "name"),
            avatar_url=_address(optional_text(content, "avatar")) or kept.get("avatar_url"),
            profile={name: content[name] for name in SHOWN if content.get(name)},
        )


def _query(*pairs: tuple[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def _address(text: str | None) -> str | None:
    return text if text and text.startswith(("https://", "http://")) else None


def _app_token(token: str | None) -> str:
    """Return the application's token that the pipeline lends."""
    if not token:
        raise UpstreamError("platform_configuration", "Login needs the application's token; set secret.")
    return token
