"""Login with Gitee: code grant, the numeric id as subject.

Sources (read 2026-11-28): gitee.com/api/v5/oauth_doc as copies of it in public repositories tell; JustAuth and Casdoor (field
names); the status of a refused token call and PKCE are unconfirmed, so none is sent. What is odd: the access token of API calls is a
parameter of the address; a client without a User-Agent gets 403. A login name may change hands and a mail address proves
nothing here: neither is the subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from app.core.errors import GrantRejected, TokenRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.gitee.account import GiteeAccount
from app.wire.hosted_people import (
    client_fields,
    refuse_unreadable,
    shown_person,
    tokens_in,
    without_error,
)
from app.wire.oauth2 import (
    DEAD_GRANT,
    exact_subject,
    first_text,
    grant_error,
    raise_when_busy,
    token_set,
)

PROFILE_FIELDS: Final = ("login", "name", "html_url")
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403


class GiteeLogin(GiteeAccount):
    """Logs people in; satisfies app.core.ports.LoginProvider."""

    pkce = False
    code_parameters: tuple[str, ...] = ("code",)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to."""
        params = {
            "client_id": self.settings.client_id,
            "redirect_uri": request.redirect_uri,
            "response_type": "code",
            "scope": self.settings.scope,
            "state": request.state,
        }
        return f"{self.settings.base_url}/oauth/authorize?{urlencode(params, quote_via=quote)}"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, once."""
        form = {
            "grant_type": "authorization_code",
            "code": grant.code,
            "redirect_uri": grant.redirect_uri,
        }
        return token_set(self._token_call(form, http), scope=self.settings.scope)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; access tokens live for a day."""
        if not tokens.refresh_token:
            raise GrantRejected(platform_code="no_refresh_token")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        answer = self._token_call(form, http)
        return token_set(answer, scope=tokens.scope, refresh_token=tokens.refresh_token)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in."""
        person = self._person(tokens, http)
        number = person.get("id")
        if type(number) is not int:
            raise UpstreamError("upstream_no_subject", "Gitee's answer names no numeric id; check base_url.")
        return shown_person(
            self.issuer,
            exact_subject(number, "id"),
            name=first_text(person, ("name", "login")),
            picture=person.get("avatar_url"),
            profile={name: person.get(name) for name in PROFILE_FIELDS},
        )

    def _person(self, tokens: TokenSet, http: HttpClient) -> Mapping[str, Any]:
        """Read the signed-in person; 401 asks for a refresh, 403 does not."""
        address = f"{self.settings.base_url}/api/v5/user"
        answer = http.request("GET", address, params={"access_token": tokens.access_token})
        raise_when_busy(answer)
        if answer.status == UNAUTHORIZED:
            raise TokenRejected(platform_code="401")
        if answer.status == FORBIDDEN:
            raise _refusal("invalid_scope", FORBIDDEN)
        refuse_unreadable(answer, _refusal)
        return without_error(answer.json_object(), answer.status, _refusal)

    def _token_call(self, form: dict[str, str], http: HttpClient) -> Mapping[str, Any]:
        answer = http.request(
            "POST", f"{self.settings.base_url}/oauth/token", form=form | client_fields(self.settings)
        )
        refuse_unreadable(answer, _refusal)
        return tokens_in(answer, _refusal)


def _refusal(word: str, status: int) -> UpstreamError:
    """Return the error for a refused call, with the page to open where somebody can mend it."""
    is_about_the_client = status == UNAUTHORIZED and word not in DEAD_GRANT
    match "invalid_client" if is_about_the_client else word:
        case "invalid_client" | "unauthorized_client":
            message = "Gitee does not accept this application; compare client_id and client_secret with 设置 → 第三方应用 → 我的应用."
        case "invalid_scope":
            message = "Gitee does not let this application read who somebody is; tick user_info at 设置 → 第三方应用 → 我的应用 and log in again."
        case _:
            return grant_error(word, status)
    return UpstreamError("upstream_refused", message, platform_code=word)
