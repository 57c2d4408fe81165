"""Logging in with DingTalk: the login page (QR code, or inside the app), `userAccessToken`, `contact/users/me`.

Sources: logto's, casdoor's and django-allauth's connectors, JustAuth (read 2026-11-27). What is odd: fields are in camelCase; the code comes
back as `authCode`, mostly as `code` as well; `prompt=consent` is needed; the access token has a header of its own; a visitor's
identity is thrown away by DingTalk; there is no PKCE (`unconfirmed`, none is sent).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from app.config.platform_settings import plain_text
from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.dingtalk.answers import content_of, lifetime, token_text
from app.platforms.dingtalk.app import DingtalkApp

AUTHORIZE_PATH: Final = "/oauth2/auth"
TOKEN_PATH: Final = "/v1.0/oauth2/userAccessToken"  # noqa: S105 - an address
PROFILE_PATH: Final = "/v1.0/contact/users/me"
TOKEN_HEADER: Final = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
REFRESH_LIFETIME: Final = 30 * 86_400
PROFILE_FIELDS: Final = {
    "nick": "nick",
    "avatarUrl": "avatar_url",
    "email": "email",
    "openId": "open_id",
    "unionId": "union_id",
}
"""What may be shown, and under which name. The phone number stays out; nobody says that the mail address was checked."""

LONGEST_TEXT: Final = 1000


class DingtalkLogin(DingtalkApp):
    """Logs people in; satisfies app.core.ports.LoginProvider."""

    pkce: bool = False

    code_parameters: tuple[str, ...] = ("authCode", "code")

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return DingTalk's login page; with a corp_id only that company's people get through it."""
        corp_id = self.settings.corp_id
        parameters = {
            "redirect_uri": request.redirect_uri,
            "response_type": "code",
            "client_id": self.settings.app_key,
            "scope": request.scope or self.settings.scope or ("openid corpid" if corp_id else "openid"),
            "state": request.state,
            "prompt": "consent",
        }
        if corp_id:
            parameters |= {"exclusiveLogin": "true", "exclusiveCorpId": corp_id}
        return f"{self.settings.login_base}{AUTHORIZE_PATH}?{urlencode(parameters, quote_via=quote, safe='')}"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, in one call that is never repeated; another company's person is refused."""
        content = self._ask({"code": grant.code, "grantType": "authorization_code"}, http)
        corp_id = _text(content.get("corpId"))
        if self.settings.corp_id and corp_id != self.settings.corp_id:
            raise UpstreamError(
                "login_refused",
                "This person logged in for another company than corp_id of the channel; choose the right one at the login.",
                http_status=403,
            )
        return _token_set(content)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token for a new pair; the old one is spent."""
        if tokens.refresh_token is None:
            raise GrantRejected("This login has no refresh token; log in again.")
        fields = {"refreshToken": tokens.refresh_token, "grantType": "refresh_token"}
        return _token_set(self._ask(fields, http), previous=tokens)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; a visitor is nobody, and a reply without openId is no login."""
        url = self.settings.api_base + PROFILE_PATH
        person = content_of(http.request("GET", url, headers={TOKEN_HEADER: tokens.access_token}))
        if person.get("visitor") is True:
            raise GrantRejected(
                "This is a visitor's account, which DingTalk throws away; log in with a real one."
            )
        open_id = _text(person.get("openId"))
        if open_id is None:
            raise UpstreamError(
                "platform_refused", "DingTalk's user information names no openId; check api_base."
            )
        profile = {shown: text for name, shown in PROFILE_FIELDS.items() if (text := _text(person.get(name)))}
        if not profile.get("avatar_url", "").startswith(("https://", "http://")):
            profile.pop("avatar_url", None)  # It ends up in a page.
        return Identity(
            issuer=f"dingtalk:{self.settings.app_key}",
            subject_kind="open_id",
            subject=open_id,
            name=profile.get("nick"),
            avatar_url=profile.get("avatar_url"),
            union_id=profile.get("union_id"),
            profile=profile | dict(tokens.extra),
        )

    def _ask(self, fields: Mapping[str, str], http: HttpClient) -> Mapping[str, Any]:
        client = {"clientId": self.settings.app_key, "clientSecret": plain_text(self.settings.app_secret)}
        return content_of(
            http.request("POST", self.settings.api_base + TOKEN_PATH, json={**client, **fields})
        )


def _token_set(content: Mapping[str, Any], previous: TokenSet | None = None) -> TokenSet:
    access_token = token_text(content.get("accessToken"))
    if access_token is None:
        raise UpstreamError("platform_refused", "DingTalk's answer holds no accessToken; check api_base.")
    refresh_token = token_text(content.get("refreshToken"))
    corp_id = _text(content.get("corpId"))
    return TokenSet(
        access_token=access_token,
        expires_in=lifetime(content.get("expireIn")),
        refresh_token=refresh_token or (previous.refresh_token if previous else None),
        refresh_expires_in=REFRESH_LIFETIME if refresh_token else None,
        extra={"corp_id": corp_id} if corp_id else (previous.extra if previous else {}),
    )


def _text(value: object) -> str | None:
    is_text = isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT
    return value if is_text and isinstance(value, str) else None
