"""Logging in with Alipay: login page, `alipay.system.oauth.token`, `alipay.user.info.share`.

Sources: Alipay's Node and Python SDKs, casdoor's and JustAuth's connectors (read 2026-11-27). What is odd: the code comes back as
`auth_code`; a good token answer has no `code`; new applications get `open_id` only, older ones `user_id`; there is no PKCE
(`unconfirmed`, none is sent).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.alipay.account import AlipayAccount
from app.platforms.alipay.gateway import ask

AUTHORIZE_PATH: Final = "/oauth2/publicAppAuthorize.htm"
TOKEN_METHOD: Final = "alipay.system.oauth.token"  # noqa: S105 - a name, not a secret
PROFILE_METHOD: Final = "alipay.user.info.share"
SILENT_SCOPE: Final = "auth_base"
SUBJECT_KINDS: Final = ("open_id", "user_id")
PROFILE_FIELDS: Final = ("nick_name", "avatar", "province", "city", "gender", *SUBJECT_KINDS)

SHORTEST_LIFETIME: Final = 60
USUAL_LIFETIME: Final = 15 * 86_400
"""What the SDKs' examples show; for an answer that names no lifetime."""

LONGEST_LIFETIME: Final = 366 * 86_400
MOST_CHARACTERS: Final = 4096
MOST_DIGITS: Final = 12


class AlipayLogin(AlipayAccount):
    """Logs people in; satisfies app.core.ports.LoginProvider."""

    pkce: bool = False

    code_parameters: tuple[str, ...] = ("auth_code",)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return Alipay's login page; an address that is not registered ends there."""
        parameters = {
            "app_id": self.settings.app_id,
            "scope": request.scope or self.settings.scope,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
        }
        return (
            f"{self.settings.openauth_base}{AUTHORIZE_PATH}?{urlencode(parameters, quote_via=quote, safe='')}"
        )

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, in one call that is never repeated."""
        fields = {"grant_type": "authorization_code", "code": grant.code}
        return _token_set(ask(self, http, TOKEN_METHOD, fields, asked_at=grant.redeemed_at))

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; what the answer leaves out stays as it was."""
        if tokens.refresh_token is None:
            raise GrantRejected("This login has no refresh token; log in again.")
        fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        return _token_set(ask(self, http, TOKEN_METHOD, fields, asked_at=tokens.asked_at), previous=tokens)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; the silent scope has no profile, so the ids of the token answer are all there is."""
        named = _ids(tokens.extra)
        if self.settings.scope == SILENT_SCOPE:
            return self._identity(named, tokens.extra)
        profile = ask(
            self, http, PROFILE_METHOD, {"auth_token": tokens.access_token}, asked_at=tokens.asked_at
        )
        found = _ids(profile)
        if any(named[kind] != found[kind] for kind in named.keys() & found.keys()):
            raise UpstreamError(
                "platform_refused",
                "Alipay's user information names another person than its token; log in again.",
            )
        return self._identity(named | found, profile)

    def _identity(self, ids: Mapping[str, str], profile: Mapping[str, Any]) -> Identity:
        kind = next((each for each in SUBJECT_KINDS if each in ids), None)
        if kind is None:
            raise UpstreamError(
                "platform_refused",
                "Alipay's answer names no open_id and no user_id; check that the product 获取会员信息 is added to the application.",
            )
        shown = {name: value for name in PROFILE_FIELDS if (value := _text(profile.get(name))) is not None}
        if not shown.get("avatar", "").startswith(("https://", "http://")):
            shown.pop("avatar", None)  # It ends up in a page.
        return Identity(
            issuer=f"alipay:{self.settings.app_id}",
            subject_kind=kind,
            subject=ids[kind],
            name=shown.get("nick_name"),
            avatar_url=shown.get("avatar"),
            union_id=ids.get("union_id"),
            profile=shown | {name: ids[name] for name in SUBJECT_KINDS if name in ids},
        )


def _token_set(content: Mapping[str, Any], previous: TokenSet | None = None) -> TokenSet:
    access_token = _token(content.get("access_token"))
    if access_token is None:
        raise UpstreamError("platform_refused", "Alipay's answer holds no access token; check gateway_url.")
    refresh_token = _token(content.get("refresh_token"))
    kept = dict(previous.extra) if previous else {}
    return TokenSet(
        access_token=access_token,
        expires_in=_seconds(content.get("expires_in")) or USUAL_LIFETIME,
        refresh_token=refresh_token or (previous.refresh_token if previous else None),
        refresh_expires_in=_seconds(content.get("re_expires_in")) if refresh_token else None,
        scope=previous.scope if previous else None,
        extra=kept | _ids(content),
    )


def _ids(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids an answer names; a whole number is its digits, anything else is no id."""
    found = {}
    for name in (*SUBJECT_KINDS, "union_id"):
        value = content.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip() and len(value) <= MOST_CHARACTERS:
            found[name] = value
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _token(value: object) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= MOST_CHARACTERS:
        return None
    return value if value.isascii() and value.isprintable() and " " not in value else None


def _seconds(value: object) -> int | None:
    """Return a lifetime, given as a number or as text, None for nonsense, zero and less."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS) or int(text) == 0:
        return None
    return max(SHORTEST_LIFETIME, min(int(text), LONGEST_LIFETIME))
