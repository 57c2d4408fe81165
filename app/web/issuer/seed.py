"""The same provider under the addresses and words of an older one: `/api/oauth_apps` and `/api/oauth2/…`.

Source: the API reference 第三方应用接入指南 that this product comes from. Its clients need no PKCE and no OpenID, get a refresh
token with every code, and may say `auto_authorize=true`, which counts as `prompt=none` does: with a consent that stands, or
for a first-party client.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.datastructures import MultiDict

from app.core.errors import CallgateError, RefusedError
from app.pipeline.issuer.claims import EMAIL, PROFILE, claims_about, hooked_claims
from app.pipeline.issuer.clients import Client, register_client
from app.pipeline.issuer.grants import Access
from app.pipeline.login.profiles import check_questions, topup_address
from app.pipeline.services import Services
from app.web.callbacks.reading import client_address
from app.web.errors import answer_callgate_error
from app.web.guards import json_body, require_token
from app.web.issuer.authorize import Values, begin, by_get
from app.web.issuer.protocol import IssuerServer
from app.web.issuer.token import give_token
from app.web.issuer.userinfo import access_of_header, private, refused

SCOPES = ("profile", "email", "balance", "openid", "offline_access")
BALANCE, TOPUP = "balance", "topup"
AUTHORIZE = "/api/oauth2/authorize"
INVALID = "The token is missing, wrong or over; it stands in the Authorization header."


def oauth_apps_blueprint(services: Services) -> Blueprint:
    """Return the route that registers; it is one of those behind tokens, apart so that guessing them is slow here too."""
    blueprint = Blueprint("oauth_apps", __name__)

    @blueprint.post("/api/oauth_apps")
    @require_token(services, "clients")
    def register() -> Response:
        """Register an application with one address."""
        body = json_body()
        keys = {
            "title": str(body.get("name", ""))[:100],
            "redirect_uris": [body.get("redirect_uri", "")],
            "scopes": list(SCOPES),
            "pkce": "optional",
        }
        try:
            client, secret = register_client(services, keys, actor=g.api_token.name)
        except CallgateError as error:
            answer = answer_callgate_error(error)
            answer.set_data(
                jsonify({"success": False, "message": error.message, "error": error.code}).get_data()
            )
            return answer
        return private({"success": True, "message": "应用创建成功", "data": _registered(client, secret)})

    return blueprint


def add_seed(blueprint: Blueprint, services: Services, server: IssuerServer) -> None:
    """Add the older addresses that clients and people use."""

    @blueprint.get(AUTHORIZE)
    def older_authorize() -> Response:
        """Begin, or go on after a login."""
        return begin(services, _with_email(request.args), AUTHORIZE)

    @blueprint.post(AUTHORIZE)
    def older_authorize_by_post() -> Response:
        """Take the same request as a form."""
        return by_get(AUTHORIZE)

    @blueprint.post("/api/oauth2/token")
    def older_token() -> Response:
        """Give tokens for a code or a refresh token."""
        return give_token(services, server)

    _add_resources(blueprint, services)


def _add_resources(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/api/oauth2/userinfo")
    def older_userinfo() -> Response:
        """Say who the person is in the older words; what `balance` tells comes from the company's hook."""
        access = access_of_header(services)
        if access is None:
            return refused("invalid_token", INVALID)
        if PROFILE not in _scopes(access):
            return refused("insufficient_scope", "The token lacks the scope profile.", 403)
        return private(_person(services, access))

    @blueprint.route("/api/oauth2/topup", methods=["GET", "POST"])
    def older_topup() -> Response:
        """Say where the person can add money: the company's hook for `topup`, else the platform's own page."""
        access = access_of_header(services)
        if access is None:
            return refused("invalid_token", INVALID)
        if not {BALANCE, TOPUP} & _scopes(access):
            return refused("insufficient_scope", "The token lacks the scope balance.", 403)
        return _topup(services, access)


def _scopes(access: Access) -> frozenset[str]:
    return frozenset(str(access.claims["scope"]).split())


def _person(services: Services, access: Access) -> dict[str, Any]:
    told = claims_about(services, access.subject, str(access.claims["scope"]))
    own = {
        "id": access.subject.user_id,
        "username": told.pop("name", None),
        "email": told.pop("email", None),
        "created_time": int(access.subject.identity.first_login_at.timestamp()),
        "status": 1,
    }
    for name in ("sub", "email_verified", "updated_at"):
        told.pop(name, None)
    return own | told


def _topup(services: Services, access: Access) -> Response:
    address = client_address(request.environ, services.settings.trusted_proxies)
    check_questions(services, access.subject.user_id, address)
    said = hooked_claims(services, access.subject, frozenset({TOPUP})).get("topup_url")
    if isinstance(said, str) and said.startswith(("https://", "http://")):
        return private({"topup_url": said})
    try:
        return private({"topup_url": topup_address(services, access.subject.identity)})
    except RefusedError as error:
        return refused(error.code, error.message, error.http_status)


def _with_email(values: Values) -> Values:
    """Return a request whose `profile` asks for the mail address too, so that the person is asked about it as well."""
    scopes = values.getlist("scope")
    words = scopes[0].split() if len(scopes) == 1 else []
    if PROFILE not in words or EMAIL in words:
        return values
    widened = MultiDict(values)
    widened["scope"] = f"{scopes[0]} {EMAIL}"
    return widened


def _registered(client: Client, secret: str | None) -> dict[str, Any]:
    return {
        "id": client.number,
        "name": client.title,
        "client_id": client.client_id,
        "client_secret": secret,
        "redirect_uri": client.config.redirect_uris[0],
        "created_time": client.number // 1000,
    }
