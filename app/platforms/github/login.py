"""Login with GitHub: code grant with PKCE, the numeric id as subject.

Sources (read 2026-11-20): docs.github.com, "Authorizing OAuth apps", "Troubleshooting OAuth app access token request errors", "Refreshing
user access tokens"; GitHub changelog of 2025-07-14 (PKCE). What is odd: errors of the token endpoint come with status 200, and
scopes come back separated by commas. A login name may change hands and a mail address proves nothing here: neither is the subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.github.account import GitHubAccount
from app.wire.hosted_people import (
    client_fields,
    shown_person,
    tokens_in,
)
from app.wire.oauth2 import (
    exact_subject,
    first_text,
    grant_error,
    resource,
    token_set,
)

PROFILE_FIELDS: Final = ("login", "name", "html_url", "company", "type")


class GitHubLogin(GitHubAccount):
    """Logs people in; satisfies app.core.ports.LoginProvider."""

    pkce = True
    code_parameters: tuple[str, ...] = ("code",)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to."""
        params = {
            "client_id": self.settings.client_id,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "code_challenge": request.code_challenge,
            "code_challenge_method": "S256",
        }
        if scope := request.scope or self.settings.scope:
            params["scope"] = scope
        return f"{self.settings.web_base}/login/oauth/authorize?{urlencode(params, quote_via=quote)}"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, once."""
        form = {"code": grant.code, "redirect_uri": grant.redirect_uri, "code_verifier": grant.code_verifier}
        return _tokens(self._token_call(form, http))

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token, which only apps with expiring tokens get."""
        if not tokens.refresh_token:
            raise GrantRejected(platform_code="no_refresh_token")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        return _tokens(self._token_call(form, http), previous=tokens)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in."""
        person = resource(f"{self.settings.api_base}/user", tokens, http, wanted=("id",))
        number = person.get("id")
        if type(number) is not int:
            raise UpstreamError("upstream_no_subject", "GitHub's answer names no numeric id; check api_base.")
        return shown_person(
            self.issuer,
            exact_subject(number, "id"),
            name=first_text(person, ("name", "login")),
            picture=person.get("avatar_url"),
            profile={name: person.get(name) for name in PROFILE_FIELDS},
        )

    def _token_call(self, form: dict[str, str], http: HttpClient) -> Mapping[str, Any]:
        answer = http.request(
            "POST",
            f"{self.settings.web_base}/login/oauth/access_token",
            form=form | client_fields(self.settings),
        )
        return tokens_in(answer, _refusal)


def _tokens(answer: Mapping[str, Any], previous: TokenSet | None = None) -> TokenSet:
    tokens = token_set(
        answer,
        scope=previous.scope if previous else None,
        refresh_token=previous.refresh_token if previous else None,
    )
    return replace(tokens, scope=" ".join(tokens.scope.replace(",", " ").split()) if tokens.scope else None)


def _refusal(word: str, status: int) -> UpstreamError:
    """Return the error for a refused call, with the page to open where somebody can mend it."""
    match word:
        case "incorrect_client_credentials":
            message = "GitHub does not accept this app; compare client_id and client_secret with Settings → Developer settings → OAuth Apps."
        case "redirect_uri_mismatch":
            message = "GitHub does not know this return address; put the gateway's into Settings → Developer settings → OAuth Apps → Authorization callback URL."
        case "unverified_user_email":
            message = "GitHub wants you to confirm your mail address first, at Settings → Emails."
        case "application_suspended":
            message = "GitHub has suspended this app; see Settings → Developer settings → OAuth Apps."
        case _:
            return grant_error(word, status)
    return UpstreamError("upstream_refused", message, platform_code=word)
