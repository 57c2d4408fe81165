"""OAuth 2.0 and OpenID Connect as Authlib speaks them, over our clients, grants and keys (decision 0074).

Authlib judges requests, proves clients and words errors and answers. What is stored, who wins a code, what a person is
called and how long tokens live is the pipeline's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidGrantError, OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.models import ClientMixin
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants.code import OpenIDToken
from flask import Response, request
from werkzeug.datastructures import ImmutableMultiDict

from app.pipeline.issuer.claims import claims_about, how_they_logged_in
from app.pipeline.issuer.clients import Client, find_client
from app.pipeline.issuer.grants import (
    ACCESS_SECONDS,
    OFFLINE,
    Subject,
    access_token,
    grant_of_refresh_token,
    new_refresh_token,
    redeem_code,
    spend_refresh_token,
    subject_of,
)
from app.pipeline.issuer.keys import Signer, signer
from app.pipeline.services import Services
from app.security.issuer_tokens import opened_key
from app.storage.issuer.grants import Code, Grant

CODE, REFRESH = "authorization_code", "refresh_token"
ID_TOKEN_SECONDS = 3600
AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]


class ProtocolClient(ClientMixin):  # type: ignore[misc]
    """A client as Authlib asks about it."""

    def __init__(self, client: Client):
        self.client = client
        self.client_id = client.client_id
        self.id_token_signed_response_alg = client.config.id_token_alg
        self._signer: Signer | None = None

    def signer(self, services: Services) -> Signer:
        """Return the key of this client's ID tokens, the same one for all of a request."""
        if self._signer is None:
            self._signer = signer(services, self.id_token_signed_response_alg)
        return self._signer

    def get_client_id(self) -> str:
        """Return its id."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """None: the address is always said (RFC 9700 §2.1)."""
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return what it may have of the scopes asked for."""
        return self.client.allowed_scope(scope or "")

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Compare exactly, letter by letter."""
        return redirect_uri in self.client.config.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Say whether a text is its secret."""
        return self.client.has_secret(client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Take a secret in either place from whoever has one, and none from the others."""
        return (method == "none") == self.client.is_public

    def check_response_type(self, response_type: str) -> bool:
        """Take the code flow alone."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Take codes and refresh tokens alone."""
        return grant_type in (CODE, REFRESH)


class FormPayload(OAuth2Payload):  # type: ignore[misc]
    """The parameters of a request, of one place: the form of a POST, else the query."""

    def __init__(self, values: ImmutableMultiDict[str, str]):
        self._values = values

    @property
    def data(self) -> Mapping[str, str]:
        """Return the parameters."""
        return self._values

    @property
    def datalist(self) -> Any:
        """Return every value of each parameter."""
        return {name: self._values.getlist(name) for name in self._values}


class ProtocolRequest(OAuth2Request):  # type: ignore[misc]
    """The request at hand; the address is ours from configuration, never what Host says."""

    def __init__(self, values: ImmutableMultiDict[str, str]):
        # Whether https is used is judged by the gateway's own rule (FORCE_HTTPS); Authlib would refuse a name inside a network.
        super().__init__(request.method, f"https://issuer.invalid{request.path}", headers=request.headers)
        self.payload = FormPayload(values)
        self._values = values

    @property
    def form(self) -> Mapping[str, str]:
        """Return the parameters."""
        return self._values


class CodeOfGrant:
    """A used code as Authlib asks about it."""

    def __init__(self, code: Code, subject: Subject, amr: list[str]):
        self.code = code
        self.subject = subject
        self._amr = amr

    def get_redirect_uri(self) -> str:
        """Return the address it was made for."""
        return self.code.redirect_uri

    def get_scope(self) -> str:
        """Return what was allowed."""
        return self.code.grant.scope

    def get_nonce(self) -> str | None:
        """Return what the client wants to see again."""
        return self.code.grant.nonce

    def get_auth_time(self) -> int:
        """Return when the person logged in, in Unix seconds."""
        return int(self.code.grant.auth_at.timestamp())

    def get_acr(self) -> None:
        """Return nothing: no classes are promised."""
        return

    def get_amr(self) -> list[str]:
        """Return the platform."""
        return self._amr

    @property
    def code_challenge(self) -> str | None:
        """Return the challenge that the verifier has to fit."""
        return self.code.challenge

    @property
    def code_challenge_method(self) -> str | None:
        """Return S256 where there is a challenge."""
        return None if self.code.challenge is None else "S256"


class RefreshOfGrant:
    """A refresh token as Authlib asks about it."""

    def __init__(self, text: str, grant: Grant):
        self.text = text
        self.grant = grant

    def check_client(self, client: ProtocolClient) -> bool:
        """Say whether it is this client's."""
        return client.client_id == self.grant.client_id

    def get_scope(self) -> str:
        """Return what was allowed."""
        return self.grant.scope


class IssuerServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server over our store; no generator of tokens is registered, because each grant makes its own."""

    def __init__(self, services: Services):
        super().__init__()
        self.services = services
        self.register_grant(_CodeGrant, [_S256Only(required=True), _IdToken(services)])
        self.register_grant(_RefreshGrant, [_IdToken(services)])

    def query_client(self, client_id: str) -> ProtocolClient | None:
        """Return a client."""
        client = find_client(self.services, client_id)
        return None if client is None else ProtocolClient(client)

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing: what must be kept was kept when it was made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        """Return what is one already."""
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        """Return what Flask sends."""
        text = json.dumps(body) if isinstance(body, dict) else body
        return Response(text, status=status, headers=headers)

    def get_error_uri(self, request: Any, error: Any) -> None:
        """Return nothing: words are explained in the contract."""
        return

    def token(self, grant: Grant, scope: str, refresh: str | None) -> dict[str, Any]:
        """Return what the token endpoint says."""
        said: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": access_token(self.services, grant, scope),
            "expires_in": ACCESS_SECONDS,
            "scope": scope,
        }
        return said if refresh is None else {**said, "refresh_token": refresh}


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def query_authorization_code(self, code: str, client: ProtocolClient) -> CodeOfGrant | None:
        """Use the code: from here on nobody else can, whatever comes of this request."""
        services: Services = self.server.services
        found = redeem_code(services, client.client, code)
        subject = None if found is None else subject_of(services, found.grant)
        if found is None or subject is None:
            return None
        return CodeOfGrant(found, subject, how_they_logged_in(services, subject))

    def delete_authorization_code(self, authorization_code: CodeOfGrant) -> None:
        """Nothing: a used code stays, so that a second use is seen."""

    def authenticate_user(self, authorization_code: CodeOfGrant) -> Subject:
        """Return whom it is about; that they may log in was seen when the code was used."""
        return authorization_code.subject

    def generate_token(self, **kwargs: Any) -> dict[str, Any]:
        """Return the tokens of the grant."""
        grant: Grant = self.request.authorization_code.code.grant
        services: Services = self.server.services
        scope = self.request.client.get_allowed_scope(grant.scope)
        refresh = new_refresh_token(services, grant) if _may_refresh(scope) else None
        token: dict[str, Any] = self.server.token(grant, scope, refresh)
        return token


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshOfGrant | None:
        """Return the grant of a refresh token of this client."""
        client: ProtocolClient = self.request.client or self.server.query_client(
            self.request.payload.client_id
        )
        found = grant_of_refresh_token(self.server.services, client.client, refresh_token)
        return None if found is None else RefreshOfGrant(refresh_token, found)

    def authenticate_user(self, refresh_token: RefreshOfGrant) -> Subject:
        """Return whom it is about, None when they may log in no more."""
        subject = subject_of(self.server.services, refresh_token.grant)
        if subject is None:
            raise InvalidGrantError("The person may log in no more.")
        return subject

    def issue_token(self, user: Subject, refresh_token: RefreshOfGrant) -> dict[str, Any]:
        """Spend the old refresh token, which only one caller can, and go on with a new one."""
        services: Services = self.server.services
        client: ProtocolClient = self.request.client
        if not _may_refresh(client.get_allowed_scope(refresh_token.grant.scope)):
            raise InvalidGrantError("The client may stay logged in no more.")
        if not spend_refresh_token(services, refresh_token.text):
            raise InvalidGrantError("This refresh token was used before; log in again.")
        scope = client.get_allowed_scope(self.request.payload.scope or refresh_token.grant.scope)
        token: dict[str, Any] = self.server.token(
            refresh_token.grant, scope, new_refresh_token(services, refresh_token.grant)
        )
        return token

    def revoke_old_credential(self, refresh_token: RefreshOfGrant) -> None:
        """Nothing: it is spent already."""


class _S256Only(CodeChallenge):  # type: ignore[misc]
    """PKCE by S256 alone (RFC 9700 §2.1.1); whether a request needs it is judged when it begins."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar[list[str]] = ["S256"]

    def get_authorization_code_challenge(self, authorization_code: CodeOfGrant) -> str | None:
        """Return the challenge."""
        return authorization_code.code_challenge

    def get_authorization_code_challenge_method(self, authorization_code: CodeOfGrant) -> str | None:
        """Return S256 where there is a challenge."""
        return authorization_code.code_challenge_method


class _IdToken(OpenIDToken):  # type: ignore[misc]
    """The ID token beside an access token, where `openid` is among the scopes."""

    def __init__(self, services: Services):
        self._services = services

    def resolve_client_private_key(self, client: ProtocolClient) -> Any:
        """Return the key that signs for this client."""
        return opened_key(client.signer(self._services).private)

    def get_encode_header(self, client: ProtocolClient) -> dict[str, str]:
        """Return the header, its key named."""
        found = client.signer(self._services)
        return {"typ": "JWT", "alg": found.alg, "kid": found.kid}

    def get_compatible_claims(self, request: Any) -> dict[str, Any]:
        """Return the claims that every ID token has; times are those of the gateway's clock."""
        grant = _grant_of(request)
        now = int(self._services.clock.now().timestamp())
        return {
            "iss": self._services.settings.public_base_url,
            "aud": grant.client_id,
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
            "auth_time": int(grant.auth_at.timestamp()),
            "sid": grant.sid,
        }

    def generate_user_info(self, user: Subject, scope: str) -> dict[str, Any]:
        """Return what the scopes tell."""
        return claims_about(self._services, user, scope)


def _grant_of(request: Any) -> Grant:
    """Return the grant that a token request is about."""
    if request.authorization_code is not None:
        grant: Grant = request.authorization_code.code.grant
        return grant
    refreshed: Grant = request.refresh_token.grant
    return refreshed


def _may_refresh(scope: str) -> bool:
    """Say whether refresh tokens are given: asked for by `offline_access`, or a client without OpenID, as OAuth 2.0 has it."""
    scopes = scope.split()
    return OFFLINE in scopes or (bool(scopes) and "openid" not in scopes)
