"""Logging in with Feishu: authorize page, token endpoint v3, user info, revocation.

Sources: Feishu Open Platform, pages 获取授权码, 获取 user_access_token, 刷新 user_access_token and 获取用户信息; the
shape of v3 from a public client library, FeishuNetSdk (all read 2026-11-20). What is odd: a challenge without
`code_challenge_method` counts as plain; the secret goes into the body only (with Basic as well: error 20070);
refresh tokens die when they are used; user info reports errors with HTTP 200.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from app.config.platform_settings import plain_text
from app.core.errors import GrantRejected, TokenRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.feishu.answers import content_of, token_text, whole_number
from app.platforms.feishu.app import FeishuApp
from app.platforms.feishu.error_codes import MEANINGS, Kind

AUTHORIZE_PATH: Final = "/open-apis/authen/v1/authorize"
TOKEN_PATH: Final = "/oauth/v3/token"  # noqa: S105 - an address, not a secret
REVOKE_PATH: Final = "/oauth/v1/revoke"
USER_INFO_PATH: Final = "/open-apis/authen/v1/user_info"

DOCUMENTED_LIFETIME: Final = 7200
SHORTEST_LIFETIME: Final = 60
LONGEST_LIFETIME: Final = 30 * 86_400
LONGEST_GRANT: Final = 366 * 86_400
"""A consent ends after 365 days, whatever the refresh token says."""

PROFILE_FIELDS: Final = (
    "name",
    "en_name",
    "avatar_url",
    "open_id",
    "union_id",
    "tenant_key",
    "user_id",
    "email",
    "enterprise_email",
)
"""What may be shown. Mail was typed in by an administrator and proves nothing; the phone number stays out."""


class FeishuLogin(FeishuApp):
    """Logs people in and keeps their tokens fresh; satisfies LoginProvider and TokenRevoker of app.core.ports."""

    pkce: bool = True
    code_parameters: tuple[str, ...] = ("code",)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return Feishu's login page; an unknown scope or redirect address ends there."""
        scope = self.settings.scope if request.scope is None else request.scope
        parameters = {
            "client_id": self.settings.app_id,
            "response_type": "code",
            "redirect_uri": request.redirect_uri,
            "scope": scope,
            "state": request.state,
            "code_challenge": request.code_challenge,
            "code_challenge_method": "S256",
        }
        if not scope:
            del parameters["scope"]
        query = urlencode(parameters, quote_via=quote, safe="")
        return f"{self.settings.accounts_base}{AUTHORIZE_PATH}?{query}"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, in one call that is never repeated: the code may be spent."""
        fields = {
            "grant_type": "authorization_code",
            "code": grant.code,
            "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.code_verifier,
        }
        return _token_set(self._ask(TOKEN_PATH, fields, http))

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token for a new pair; what the answer leaves out stays as it was.

        The old refresh token is dead after the call. A person who left the company has no grant any more.
        """
        if tokens.refresh_token is None:
            raise GrantRejected(
                "This login has no refresh token; put offline_access into scope and log in again."
            )
        grant = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        try:
            content = self._ask(TOKEN_PATH, grant, http)
        except UpstreamError as error:
            meaning = MEANINGS.get(error.platform_code or "")
            if meaning is None or meaning.kind is not Kind.PERSON_REFUSED:
                raise
            raise GrantRejected(meaning.sentence, platform_code=error.platform_code) from None
        return _token_set(content, previous=tokens)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; fields the app has no permission for are missing or empty: absent."""
        answer = http.request(
            "GET",
            self.settings.api_base + USER_INFO_PATH,
            headers={"Authorization": f"Bearer {tokens.access_token}"},
        )
        if answer.status == 401:  # noqa: PLR2004 - Unauthorized says it without a code, too
            raise TokenRejected(platform_code="http_401")
        data = content_of(answer, base_setting="api_base").get("data")
        person = data if isinstance(data, Mapping) else {}
        open_id = person.get("open_id")
        if not isinstance(open_id, str) or not open_id.strip():
            raise UpstreamError(
                "platform_refused", "Feishu's user information names no open_id; check api_base."
            )
        return self._identity(open_id, _profile(person))

    def revoke(self, tokens: TokenSet, http: HttpClient) -> None:
        """Make Feishu forget both tokens; ones that are dead already are fine."""
        faults = []
        for hint, token in (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token)):
            if token is None:
                continue
            try:
                self._revoke_one(token, hint, http)
            except (TokenRejected, GrantRejected):
                continue
            except UpstreamError as error:
                faults.append(error)
        if faults:
            raise faults[0]

    def _identity(self, open_id: str, profile: Mapping[str, str]) -> Identity:
        return Identity(
            issuer=f"{self.settings.brand}:{self.settings.app_id}",
            subject_kind="open_id",
            subject=open_id,
            name=profile.get("name") or profile.get("en_name"),
            avatar_url=profile.get("avatar_url"),
            union_id=profile.get("union_id"),
            profile=profile,
        )

    def _ask(self, path: str, fields: Mapping[str, str], http: HttpClient) -> Mapping[str, Any]:
        answer = http.request("POST", self.settings.accounts_base + path, form=self._with_client(fields))
        return content_of(answer, base_setting="accounts_base")

    def _revoke_one(self, token: str, hint: str, http: HttpClient) -> None:
        fields = self._with_client({"token": token, "token_type_hint": hint})
        answer = http.request("POST", self.settings.accounts_base + REVOKE_PATH, form=fields)
        # RFC 7009 §2.2 asks for a 200 whose body means nothing, so an empty one is a success.
        if answer.status != 200 or answer.body.strip().startswith(b"{"):  # noqa: PLR2004
            content_of(answer, base_setting="accounts_base")

    def _with_client(self, fields: Mapping[str, str]) -> dict[str, str]:
        secret = plain_text(self.settings.app_secret)
        return {**fields, "client_id": self.settings.app_id, "client_secret": secret}


def _token_set(content: Mapping[str, Any], previous: TokenSet | None = None) -> TokenSet:
    access_token = token_text(content.get("access_token"))
    if access_token is None:
        raise UpstreamError("platform_refused", "Feishu's answer holds no access token; check accounts_base.")
    refresh_token = token_text(content.get("refresh_token"))
    scope = content.get("scope")
    return TokenSet(
        access_token=access_token,
        expires_in=_access_lifetime(content.get("expires_in")),
        refresh_token=refresh_token or (previous.refresh_token if previous else None),
        refresh_expires_in=_grant_lifetime(content.get("refresh_token_expires_in"))
        if refresh_token
        else None,
        scope=scope if isinstance(scope, str) else (previous.scope if previous else None),
    )


def _access_lifetime(value: object) -> int:
    """Return seconds that neither make every call refresh nor keep a token for ever.

    Nothing, nonsense, zero and less become the documented two hours: a token that is dead in truth is found
    out by the call that uses it, and refreshed once.
    """
    seconds = whole_number(value)
    if seconds is None or seconds <= 0:
        return DOCUMENTED_LIFETIME
    return max(SHORTEST_LIFETIME, min(seconds, LONGEST_LIFETIME))


def _grant_lifetime(value: object) -> int | None:
    seconds = whole_number(value)
    return min(seconds, LONGEST_GRANT) if seconds is not None and seconds > 0 else None


def _profile(person: Mapping[str, Any]) -> dict[str, str]:
    found = {name: person.get(name) for name in PROFILE_FIELDS}
    profile = {name: value for name, value in found.items() if isinstance(value, str) and value}
    if not profile.get("avatar_url", "").startswith(("https://", "http://")):
        profile.pop("avatar_url", None)  # It ends up in a page.
    return profile
