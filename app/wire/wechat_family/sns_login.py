"""The calls by which WeChat logs people in (`sns`): redeeming a code, who it is, prolonging; the pages are each platform's own.

Source: WeChat "网页授权" and "网站应用微信登录" pages (read 2026-11-20). What is odd: the AppSecret travels in a query; errors come
with status 200; a page opened as a snapshot gives the identity of nobody.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import GrantRejected, LoginError
from app.core.ports import HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.wire.wechat_family.answers import lifetime, needed_text, optional_text, token_grant, token_use

REFRESH_LIFETIME = 30 * 86_400
SILENT_SCOPE = "snsapi_base"
UNION_ISSUER = "wechat"
"""Who gives the union ids of Official Accounts, website applications and Mini Programs (app.core.login_choice)."""

SHOWN = ("nickname", "headimgurl", "sex", "language", "city", "province", "country")


@dataclass(frozen=True, slots=True, repr=False)
class SnsClient:
    """One application that logs people in: an Official Account or a website application."""

    app_id: str
    secret: str
    api_base: str
    scope: str
    """The scope where an answer names none."""

    def exchange(self, code: str, http: HttpClient) -> TokenSet:
        """Redeem a code once; a snapshot page's visitor is refused, because that identity belongs to nobody."""
        answer = http.request(
            "GET",
            f"{self.api_base}/sns/oauth2/access_token",
            params={
                "appid": self.app_id,
                "secret": self.secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        content = token_grant(answer)
        refuse_snapshot(content)
        return read_tokens(content, previous=None)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in: silently known from the token answer, or with name and picture after consent."""
        open_id = needed_text(tokens.extra, "openid")
        if (tokens.scope or self.scope) == SILENT_SCOPE:
            return wechat_identity(self.app_id, open_id, tokens.extra)
        answer = http.request(
            "GET",
            f"{self.api_base}/sns/userinfo",
            params={"access_token": tokens.access_token, "openid": open_id, "lang": "zh_CN"},
        )
        content = token_use(answer)
        refuse_snapshot(content)
        if needed_text(content, "openid") != open_id:
            raise LoginError("identity_mismatch", "WeChat named another person than the one who logged in.")
        return wechat_identity(self.app_id, open_id, {**tokens.extra, **content})

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Prolong the access token; the refresh token stays the same, and no secret is sent."""
        if not tokens.refresh_token:
            raise GrantRejected
        answer = http.request(
            "GET",
            f"{self.api_base}/sns/oauth2/refresh_token",
            params={
                "appid": self.app_id,
                "grant_type": "refresh_token",
                "refresh_token": tokens.refresh_token,
            },
        )
        return read_tokens(token_grant(answer), previous=tokens)


def wechat_identity(app_id: str, open_id: str, content: Mapping[str, Any]) -> Identity:
    """Return a person as one application knows them; ids of applications are unique over all kinds of them."""
    picture = optional_text(content, "headimgurl")
    return Identity(
        issuer=f"wechat:{app_id}",
        subject_kind="open_id",
        subject=open_id,
        name=optional_text(content, "nickname"),
        avatar_url=picture if picture and picture.startswith(("https://", "http://")) else None,
        union_id=optional_text(content, "unionid"),
        profile={name: content[name] for name in SHOWN if content.get(name)},
    )


def refuse_snapshot(content: Mapping[str, Any]) -> None:
    """Refuse a snapshot page's visitor, who is nobody."""
    if content.get("is_snapshotuser") in (1, "1"):
        raise LoginError(
            "snapshot_user",
            "This page was opened as a snapshot, where WeChat names nobody; open the full page and log in there.",
        )


def read_tokens(content: Mapping[str, Any], *, previous: TokenSet | None) -> TokenSet:
    """Read a token answer; what a refresh does not repeat (refresh token, scope, unionid) stays as it was."""
    open_id = needed_text(content, "openid")
    if previous is not None and previous.extra.get("openid", open_id) != open_id:
        raise GrantRejected("WeChat gave a token of another person; log in again.")
    kept = dict(previous.extra) if previous else {}
    union_id = optional_text(content, "unionid")
    old = previous.refresh_token if previous else None
    refresh_token = optional_text(content, "refresh_token") or old
    return TokenSet(
        access_token=needed_text(content, "access_token"),
        expires_in=lifetime(content.get("expires_in")),
        refresh_token=refresh_token,
        refresh_expires_in=REFRESH_LIFETIME if refresh_token and refresh_token != old else None,
        scope=optional_text(content, "scope") or (previous.scope if previous else None),
        extra={**kept, "openid": open_id, **({"unionid": union_id} if union_id else {})},
    )


class SnsLogin(ABC):
    """What a login does once a code is there; a platform says with which client."""

    @abstractmethod
    def _sns(self) -> SnsClient:
        """Return the client."""

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code once."""
        return self._sns().exchange(grant.code, http)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in."""
        return self._sns().identity(tokens, http)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Prolong the access token."""
        return self._sns().refresh(tokens, http)
