"""Login with any OAuth 2.0 server whose addresses are configured; nothing here knows a particular one.

Read 2026-11-20: RFC 6749 (code grant, refresh, errors), RFC 7636 (PKCE), RFC 7009 (revocation), RFC 6750 §3.1.
No call is ever repeated here: codes work once.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

from app.config.platform_settings import plain
from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import AuthorizeRequest, HttpAnswer, HttpClient, PlatformSpec
from app.core.values import Identity, TokenSet
from app.platforms.oauth2.settings import OAuth2Settings
from app.security.outbound import origin_of
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


class OAuth2Channel:
    """One application at one OAuth 2.0 server."""

    code_parameters: tuple[str, ...] = ("code",)

    def __init__(self, settings: OAuth2Settings):
        self._settings = settings
        self._secret = plain(settings.client_secret)[0].decode()
        token = urlsplit(settings.token_url)
        host = token.hostname if token.port is None else f"{token.hostname}:{token.port}"
        self._issuer = f"oauth2:{host}:{settings.client_id}"
        self.pkce = settings.pkce

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins of the addresses that are called; the browser's own page is not one of them."""
        own = self._settings
        called = (own.token_url, own.userinfo_url, own.revoke_url, own.topup_url)
        return frozenset(origin_of(address) for address in called if address)

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to."""
        own = self._settings
        address = urlsplit(own.authorize_url)
        params = dict(parse_qsl(address.query, keep_blank_values=True)) | own.authorize_params
        params |= {"response_type": "code", "client_id": own.client_id}
        params |= {"redirect_uri": request.redirect_uri, "state": request.state}
        if scope := request.scope or own.scope:
            params["scope"] = scope
        if own.pkce:
            params |= {"code_challenge": request.code_challenge, "code_challenge_method": "S256"}
        return address._replace(query=urlencode(params, quote_via=quote)).geturl()

    def exchange(self, code: str, redirect_uri: str, code_verifier: str, http: HttpClient) -> TokenSet:
        """Redeem a code, once."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if self._settings.pkce:
            form["code_verifier"] = code_verifier
        return token_set(self._token_call(form, http), scope=self._settings.scope or None)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; one that is not replaced stays good, and so does an unnamed scope (RFC 6749 §6)."""
        if not tokens.refresh_token:
            raise GrantRejected(platform_code="no_refresh_token")
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        answer = self._token_call(form, http)
        return token_set(answer, scope=tokens.scope, refresh_token=tokens.refresh_token)

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in."""
        body = resource(self._settings.userinfo_url, tokens, http)
        *parents, last = self._settings.subject.split(".")
        person = at_path(body, parents)
        subject = exact_subject(at_path(person, [last]), self._settings.subject)
        name = (
            at_path(body, self._settings.name.split("."))
            if self._settings.name
            else first_text(person, NAME_FIELDS)
        )
        return Identity(
            issuer=self._issuer,
            subject_kind=last,
            subject=subject,
            name=name[:MAX_TEXT] if isinstance(name, str) and name else None,
            avatar_url=web_address(first_text(person, AVATAR_FIELDS)),
            profile=shown_profile(person),
        )

    def _token_call(self, form: dict[str, str], http: HttpClient) -> Mapping[str, Any]:
        answer = self._call_as_client(self._settings.token_url, form, http)
        raise_when_busy(answer)
        if answer.status == 401 and not looks_like_json(answer):  # noqa: PLR2004
            raise bad_client("401")
        body = token_body(answer)
        if (word := error_of(body)) is not None or answer.status >= 400:  # noqa: PLR2004
            raise grant_error(word or str(answer.status), answer.status)
        return body

    def _call_as_client(self, address: str, form: dict[str, str], http: HttpClient) -> HttpAnswer:
        """Authenticate in the body or, with both parts form-encoded first, in the header (RFC 6749 §2.3.1)."""
        own = self._settings
        if own.client_auth == "body":
            secret = {"client_id": own.client_id, "client_secret": self._secret}
            return http.request("POST", address, form=form | secret)
        pair = f"{quote_plus(own.client_id)}:{quote_plus(self._secret)}"
        basic = base64.b64encode(pair.encode()).decode()
        return http.request("POST", address, form=form, headers={"Authorization": f"Basic {basic}"})


class RevocableChannel(OAuth2Channel):
    """A channel whose server ends tokens on request."""

    def revoke(self, tokens: TokenSet, http: HttpClient) -> None:
        """Tell the server to forget both tokens, the refresh token first because it could make new ones."""
        for hint, token in (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token)):
            if not token:
                continue
            form = {"token": token, "token_type_hint": hint}
            answer = self._call_as_client(self._settings.revoke_url, form, http)
            raise_when_busy(answer)
            word = error_of(answer.json_object()) if looks_like_json(answer) else None
            if word == "unsupported_token_type":
                continue
            if word is not None or answer.status >= 400:  # noqa: PLR2004
                raise grant_error(word or str(answer.status), answer.status)


class TopupChannel(OAuth2Channel):
    """A channel whose server has a page to add money."""

    def topup_url(self, tokens: TokenSet, http: HttpClient) -> str:
        """Return the page's address, which must be a web address: it is handed to the browser."""
        body = resource(self._settings.topup_url, tokens, http)
        address = web_address(body.get("topup_url") or at_path(body, ["data", "topup_url"]))
        if address is None:
            raise UpstreamError("upstream_bad_answer", "topup_url answered without a web address.")
        return address


class RevocableTopupChannel(RevocableChannel, TopupChannel):
    """A channel whose server can do both."""


def open_channel(_name: str, settings: OAuth2Settings) -> OAuth2Channel:
    """Return a connector with exactly the capabilities whose addresses are configured."""
    kinds = {
        (False, False): OAuth2Channel,
        (True, False): RevocableChannel,
        (False, True): TopupChannel,
        (True, True): RevocableTopupChannel,
    }
    return kinds[bool(settings.revoke_url), bool(settings.topup_url)](settings)


PLATFORM = PlatformSpec(
    slug="oauth2",
    display_name="OAuth 2.0",
    docs_url="https://datatracker.ietf.org/doc/html/rfc6749",
    settings=OAuth2Settings,
    open=open_channel,
)
