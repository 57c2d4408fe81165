"""The token endpoint, introspection and revocation: for clients, which prove themselves (RFC 6749 §3.2, 7662, 7009)."""

from __future__ import annotations

import json
from typing import Any

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, request

from app.core.errors import RefusedError
from app.pipeline.bans import WRONG_TOKEN, note_refused
from app.pipeline.issuer.grants import (
    Access,
    end_grant_now,
    grant_of_refresh_token,
    grant_to_refresh,
    read_access,
)
from app.pipeline.services import Services
from app.security.addresses import address_group
from app.storage.issuer.grants import Grant
from app.web.callbacks.reading import client_address
from app.web.issuer.protocol import IssuerServer, ProtocolClient, ProtocolRequest

FORM = "application/x-www-form-urlencoded"
LONGEST_FORM = 65_536
WRONG_SECRETS, WRONG_CLIENT = "60 per minute", "issuer_wrong_client"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
INVALID_CLIENT = "invalid_client"


def add_token(blueprint: Blueprint, services: Services, server: IssuerServer) -> None:
    """Add the three endpoints."""

    @blueprint.post("/oidc/token")
    def token() -> Response:
        """Give tokens for a code or a refresh token."""
        return give_token(services, server)

    @blueprint.post("/oidc/introspect")
    def introspect() -> Response:
        """Say what a token is good for, to a client with a secret; of others' tokens it says that they are not active."""
        client, asked = _proven(services, server)
        if client is None:
            return asked
        text = request.form.get("token", "")
        access = read_access(services, text)
        if access is not None and access.grant.client_id == client.client_id:
            return _json(_about(access))
        grant = grant_to_refresh(services, client.client, text)
        return _json({"active": False} if grant is None else _about_refresh(grant))

    @blueprint.post("/oidc/revoke")
    def revoke() -> Response:
        """End a token, and with it everything of its grant; a token nobody knows is no error (RFC 7009 §2.2)."""
        client, asked = _proven(services, server, is_public_too=True)
        if client is None:
            return asked
        text = request.form.get("token", "")
        access = read_access(services, text)
        grant = access.grant if access is not None else grant_of_refresh_token(services, client.client, text)
        if grant is not None and grant.client_id == client.client_id:
            end_grant_now(services, grant)
        return _json({})


def give_token(services: Services, server: IssuerServer) -> Response:
    """Answer a token request."""
    _refuse_guessing(services)
    refused = _check_form()
    if refused is not None:
        return refused
    try:
        response: Response = server.create_token_response(ProtocolRequest(request.form))
    except ValueError:
        response = _unreadable()
    response.headers.update(NO_STORE)
    return _counted(services, response)


def _check_form() -> Response | None:
    is_short = request.content_length is not None and request.content_length <= LONGEST_FORM
    if request.mimetype != FORM or not is_short:
        return _error("invalid_request", "Send the parameters as a form (application/x-www-form-urlencoded).")
    repeated = next((name for name in request.form if len(request.form.getlist(name)) > 1), None)
    if repeated is not None:
        return _error("invalid_request", "A parameter is there more than once.")
    if request.args:
        return _error("invalid_request", "Parameters stand in the form, not in the address.")
    return None


def _counted(services: Services, response: Response) -> Response:
    """Slow an address down that guesses secrets: beyond so many wrong ones it is told to wait."""
    if response.status_code not in (400, 401) or INVALID_CLIENT not in response.get_data(as_text=True):
        return response
    address = client_address(request.environ, services.settings.trusted_proxies)
    note_refused(services, address, reason=WRONG_TOKEN)
    wait = services.rate_limits.hit(WRONG_SECRETS, WRONG_CLIENT, address_group(address))
    if wait is not None:
        raise _too_many(wait)
    return response


def _refuse_guessing(services: Services) -> None:
    """Refuse an address that was told to wait before its secret is looked at, so that going on teaches nothing."""
    address = client_address(request.environ, services.settings.trusted_proxies)
    wait = services.rate_limits.peek(WRONG_SECRETS, WRONG_CLIENT, address_group(address))
    if wait is not None:
        raise _too_many(wait)


def _too_many(wait: int) -> RefusedError:
    message = "Too many wrong client secrets from this address; wait."
    return RefusedError("rate_limited", message, http_status=429, retry_after=wait)


def _proven(
    services: Services, server: IssuerServer, *, is_public_too: bool = False
) -> tuple[ProtocolClient | None, Response]:
    """Return which client asks, or the refusal in the protocol's words."""
    _refuse_guessing(services)
    refused = _check_form()
    if refused is not None:
        return None, refused
    methods = ["client_secret_basic", "client_secret_post", *(["none"] if is_public_too else [])]
    try:
        client = server.authenticate_client(ProtocolRequest(request.form), methods, "token")
    except OAuth2Error as error:
        response: Response = server.handle_error_response(None, error)
        response.headers.update(NO_STORE)
        return None, _counted(services, response)
    except ValueError:
        return None, _counted(services, _unreadable())
    return client, _json({})


def _unreadable() -> Response:
    """Refuse a header that is no Base64 of UTF-8 text, at which Authlib stumbles, as a wrong client."""
    response = _error(INVALID_CLIENT, "The Authorization header cannot be read.", 401)
    response.headers["WWW-Authenticate"] = "Basic"
    return response


def _about(access: Access) -> dict[str, Any]:
    names = ("iss", "aud", "sub", "client_id", "scope", "jti", "iat", "exp", "auth_time")
    return {"active": True, "token_type": "Bearer"} | {name: access.claims[name] for name in names}


def _about_refresh(grant: Grant) -> dict[str, Any]:
    return {
        "active": True,
        "token_type": "refresh_token",
        "sub": grant.user_id,
        "client_id": grant.client_id,
        "scope": grant.scope,
        "exp": int(grant.expires_at.timestamp()),
    }


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json", headers=NO_STORE)


def _error(error: str, description: str, status: int = 400) -> Response:
    return _json({"error": error, "error_description": description}, status)
