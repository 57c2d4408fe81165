"""Login with GitLab: code grant with PKCE, the user id as subject, proven by an ID token unless the scope leaves `openid` out.

Sources (read 2026-11-28): docs.gitlab.com, "OAuth 2.0 identity provider API", "GitLab as OpenID Connect identity provider",
"Users API". What is odd: `invalid_grant` stands for a used code, another return address and a dead refresh token alike; a
refresh ends both old tokens. A user name may change hands and a mail address proves nothing here: neither is the subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpAnswer, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.gitlab.account import GitLabAccount
from app.wire.hosted_people import (
    client_fields,
    refuse_unreadable,
    shown_person,
    tokens_in,
)
from app.wire.key_sets import ProviderKey
from app.wire.oauth2 import (
    DEAD_GRANT,
    error_of,
    exact_subject,
    first_text,
    grant_error,
    looks_like_json,
    raise_when_busy,
    resource,
    token_set,
)
from app.wire.oidc import (
    Expected,
    UnknownKeyError,
    check_same_person,
    no_key_signed,
    read_id_token,
    read_keys,
)

PROVEN: Final = "id_token_sub"
"""Under this name the ID token's person is kept, sealed, beside the tokens."""

PROFILE_FIELDS: Final = {
    "username": ("username", "nickname", "preferred_username"),
    "name": ("name",),
    "web_url": ("web_url", "profile"),
}
"""What is shown of a person, and where the API and OpenID Connect say it."""

OK: Final = 200
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401


class GitLabLogin(GitLabAccount):
    """Logs people in; satisfies app.core.ports.LoginProvider and TokenRevoker."""

    pkce = True
    code_parameters: tuple[str, ...] = ("code",)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to."""
        params = {
            "client_id": self.settings.client_id,
            "redirect_uri": request.redirect_uri,
            "response_type": "code",
            "state": request.state,
            "scope": self.settings.scope,
            "code_challenge": request.code_challenge,
            "code_challenge_method": "S256",
        }
        if self.settings.is_openid:
            params["nonce"] = request.nonce
        return f"{self.settings.base_url}/oauth/authorize?{urlencode(params, quote_via=quote)}"

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, once; with the scope openid an ID token must come along and hold.

        The server's keys are read first: where they cannot be had, the code is not spent.
        """
        keys = self._keys(http) if self.settings.is_openid else ()
        form = {
            "grant_type": "authorization_code",
            "code": grant.code,
            "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.code_verifier,
        }
        answer = self._token_call(form, http)
        tokens = token_set(answer, scope=self.settings.scope)
        if not self.settings.is_openid:
            return tokens
        person = self._proven_person(answer.get("id_token"), tokens, grant, keys)
        return replace(tokens, extra={**tokens.extra, PROVEN: person})

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; both old tokens end with that."""
        if not tokens.refresh_token:
            raise GrantRejected(platform_code="no_refresh_token")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        return token_set(self._token_call(form, http), scope=tokens.scope, refresh_token=tokens.refresh_token)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; user information about anybody else than the ID token's person is refused."""
        if self.settings.is_openid:
            if PROVEN not in tokens.extra:
                # Tokens of a login from before openid stood in the scope.
                raise GrantRejected(platform_code="no_id_token")
            person = self._resource("/oauth/userinfo", tokens, http, wanted=("sub",))
            subject = _subject(person.get("sub"))
            check_same_person(subject, tokens.extra[PROVEN])
        else:
            person = self._resource("/api/v4/user", tokens, http, wanted=("id",))
            subject = _subject(person.get("id"))
        return self._known(person, subject)

    def revoke(self, tokens: TokenSet, http: HttpClient) -> None:
        """Tell GitLab to forget both tokens, the refresh token first because it could make new ones."""
        for token in (tokens.refresh_token, tokens.access_token):
            if not token:
                continue
            answer = self._call_as_client("/oauth/revoke", {"token": token}, http)
            raise_when_busy(answer)
            word = error_of(answer.json_object()) if looks_like_json(answer) else None
            if word is not None or answer.status >= BAD_REQUEST:
                raise _refusal(word or str(answer.status), answer.status)

    def _known(self, person: Mapping[str, Any], subject: str) -> Identity:
        return shown_person(
            self.issuer,
            subject,
            name=first_text(person, ("name", *PROFILE_FIELDS["username"])),
            picture=first_text(person, ("avatar_url", "picture")),
            profile={shown: first_text(person, names) for shown, names in PROFILE_FIELDS.items()},
        )

    def _keys(self, http: HttpClient) -> tuple[ProviderKey, ...]:
        """Read the server's keys; asked at every login, so that a change of them is never noticed too late."""
        answer = http.request("GET", f"{self.settings.base_url}/oauth/discovery/keys")
        raise_when_busy(answer)
        if answer.status != OK:
            message = "GitLab does not show its keys at /oauth/discovery/keys; compare base_url with the server's external_url."
            raise UpstreamError("bad_keys", message, platform_code=str(answer.status))
        return read_keys(answer.json_object())

    def _proven_person(
        self, id_token: object, tokens: TokenSet, grant: CodeGrant, keys: Sequence[ProviderKey]
    ) -> str:
        expected = Expected(
            issuer=self.settings.base_url,
            client_id=self.settings.client_id,
            nonce=grant.nonce,
            access_token=tokens.access_token,
            now=grant.redeemed_at,
        )
        try:
            return str(read_id_token(id_token, expected, keys)["sub"])
        except UnknownKeyError:
            raise no_key_signed() from None

    def _resource(
        self, path: str, tokens: TokenSet, http: HttpClient, *, wanted: Sequence[str]
    ) -> Mapping[str, Any]:
        try:
            return resource(f"{self.settings.base_url}{path}", tokens, http, wanted=wanted)
        except UpstreamError as error:
            if error.platform_code == "403":
                raise _refusal("insufficient_scope", 403) from None
            raise

    def _token_call(self, form: dict[str, str], http: HttpClient) -> Mapping[str, Any]:
        answer = self._call_as_client("/oauth/token", form, http)
        refuse_unreadable(answer, _refusal)
        return tokens_in(answer, _refusal)

    def _call_as_client(self, path: str, form: dict[str, str], http: HttpClient) -> HttpAnswer:
        return http.request(
            "POST", f"{self.settings.base_url}{path}", form=form | client_fields(self.settings)
        )


def _subject(value: object) -> str:
    """Return the user id as text: a number from the API, text in OpenID Connect."""
    if type(value) is not int and not (isinstance(value, str) and value.strip()):
        raise UpstreamError("upstream_no_subject", "GitLab's answer names no user id; check base_url.")
    return exact_subject(value, "sub")


def _refusal(word: str, status: int) -> UpstreamError:
    """Return the error for a refused call, with the page to open where somebody can mend it."""
    is_about_the_client = status == UNAUTHORIZED and word not in DEAD_GRANT
    match "invalid_client" if is_about_the_client else word:
        case "invalid_client":
            message = "GitLab does not accept this application; compare client_id and client_secret with Edit profile → Applications (of a group: Settings → Applications)."
        case "unauthorized_client":
            message = "GitLab does not let this application log people in this way; it must be Confidential at Edit profile → Applications (of a group: Settings → Applications)."
        case "invalid_scope" | "insufficient_scope":
            message = "GitLab has not given this application the scopes that this channel asks for (scope); tick them at Edit profile → Applications (of a group: Settings → Applications) and log in again."
        case _:
            return grant_error(word, status)
    return UpstreamError("upstream_refused", message, platform_code=word)
