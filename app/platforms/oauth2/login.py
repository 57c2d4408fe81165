"""Login with the code grant: authorize page, token endpoint, user information.

Read 2026-11-20: RFC 6749 (code grant, refresh, errors), RFC 7636 (PKCE).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from app.core.errors import GrantRejected
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import CodeGrant, Identity, TokenSet
from app.platforms.oauth2.client import OAuth2Client
from app.wire.oauth2 import (
    MAX_TEXT,
    at_path,
    bad_client,
    error_of,
    exact_subject,
    first_text,
    grant_error,
    looks_like_json,
    raise_when_busy,
    resource,
    shown_profile,
    token_body,
    token_set,
    web_address,
)

NAME_FIELDS = ("name", "username", "login")
AVATAR_FIELDS = ("avatar_url", "avatar", "picture")


class OAuth2Login(OAuth2Client):
    """Logs people in; satisfies app.core.ports.LoginProvider."""

    code_parameters: tuple[str, ...] = ("code",)

    name_fields: ClassVar[tuple[str, ...]] = NAME_FIELDS

    @property
    def pkce(self) -> bool:
        """Whether the server takes S256."""
        return self.settings.pkce

    @property
    def login_page(self) -> str:
        """The page to send browsers to, without what is added for each login."""
        return self.settings.authorize_url

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to."""
        own = self.settings
        address = urlsplit(self.login_page)
        params = dict(parse_qsl(address.query, keep_blank_values=True)) | own.authorize_params
        params |= {"response_type": "code", "client_id": own.client_id}
        params |= {"redirect_uri": request.redirect_uri, "state": request.state}
        if scope := request.scope or own.scopes:
            params["scope"] = scope
        if own.pkce:
            params |= {"code_challenge": request.code_challenge, "code_challenge_method": "S256"}
        return address._replace(query=urlencode(params, quote_via=quote)).geturl()

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, once."""
        return token_set(self.redeem(grant, http), scope=self.settings.scopes or None)

    def redeem(self, grant: CodeGrant, http: HttpClient) -> Mapping[str, Any]:
        """Return the whole answer to a code."""
        form = {"grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri}
        if self.settings.pkce:
            form["code_verifier"] = grant.code_verifier
        return self._token_call(form, http)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; one that is not replaced stays good, and so does an unnamed scope (RFC 6749 §6)."""
        if not tokens.refresh_token:
            raise GrantRejected(platform_code="no_refresh_token")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        answer = self._token_call(form, http)
        return token_set(answer, scope=tokens.scope, refresh_token=tokens.refresh_token)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in."""
        path = self.settings.subject_path.split(".")
        return self.identity_in(resource(self.userinfo_address(http), tokens, http, wanted=path))

    def identity_in(self, body: Mapping[str, Any]) -> Identity:
        """Return who an answer of userinfo_url is about; raises UpstreamError when that is not clear."""
        *parents, last = self.settings.subject_path.split(".")
        person = at_path(body, parents)
        subject = exact_subject(at_path(person, [last]), self.settings.subject_path)
        name = (
            at_path(body, self.settings.name.split("."))
            if self.settings.name
            else first_text(person, self.name_fields)
        )
        return Identity(
            issuer=self.issuer,
            subject_kind=last,
            subject=subject,
            name=name[:MAX_TEXT] if isinstance(name, str) and name else None,
            avatar_url=web_address(first_text(person, AVATAR_FIELDS)),
            profile=shown_profile(person),
        )

    def _token_call(self, form: dict[str, str], http: HttpClient) -> Mapping[str, Any]:
        answer = self.call_as_client(self.token_address(http), form, http)
        raise_when_busy(answer)
        if answer.status == 401 and not looks_like_json(answer):  # noqa: PLR2004
            raise bad_client("401")
        body = token_body(answer)
        if (word := error_of(body)) is not None or answer.status >= 400:  # noqa: PLR2004
            raise grant_error(word or str(answer.status), answer.status)
        return body
