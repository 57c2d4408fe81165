"""Simulated OAuth2 server in the manner of a metered-API provider: login, balance, top-up.

Protocol: the provider's public integration page "third-party application guide" (read 2026-11-20), RFC
6749, 6750, 7009 and 7636. Refresh tokens rotate: the old one dies when it is used. With the scope `openid` it is an
OpenID Connect server too; its documents and ID tokens are made in `openid`.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.people import find_person
from sandbox.pkce import pkce_holds
from sandbox.platforms.oauth2 import openid
from sandbox.platforms.oauth2.people import balance, top_up
from sandbox.state import Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("oauth2", __name__, url_prefix="/oauth2")

UNITS_PER_YUAN = 1000
TOP_UP_CHOICES = (10, 50, 100)

LIFETIMES = {"code": 600, "access_token": 7200, "refresh_token": 2_592_000}

EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (401, {"error": "invalid_token", "error_description": "The access token expired"})
}


class OAuthError(Exception):
    """Carries an RFC 6749 error to the token endpoint's one handler."""

    def __init__(self, word: str, description: str, status: int = 400) -> None:
        """Remembers what to answer."""
        super().__init__(word)
        self.word = word
        self.description = description
        self.status = status


@blueprint.get("/api/oauth2/authorize")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person to sign in, then to allow."""
    query = request.args
    if query.get("client_id") != current_state().settings["OAUTH2_CLIENT_ID"]:
        return problem_page("client_id", "invalid_client", "This application is not registered.")
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page("redirect_uri", "invalid_request", "This return address is not registered.")
    if query.get("response_type") != "code":
        return problem_page("response_type", "unsupported_response_type", "response_type must be code.")
    if not query.get("state"):
        return problem_page("state", "invalid_request", "state is required.")
    method = query.get("code_challenge_method", "plain")
    if query.get("code_challenge") and method != "S256":
        return problem_page("code_challenge_method", "invalid_request", "Only S256 is accepted.")
    return ask(
        AuthorizeRequest(
            platform="oauth2",
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            scope=query.get("scope", "profile"),
            state=query["state"],
            code_challenge=query.get("code_challenge"),
            code_challenge_method=method,
            nonce=query.get("nonce"),
            asks_twice=query.get("auto_authorize") != "true",
        )
    )


@blueprint.post("/api/oauth2/token")
def token() -> Response:
    """Exchanges a code or a refresh token."""
    state = current_state()
    fields = _fields()
    try:
        _check_client(state, fields)
        with state.lock:
            issued = _redeem(state, fields)
            issued.used = True
            return _tokens(state, issued.grant)
    except OAuthError as error:
        return _json({"error": error.word, "error_description": error.description}, error.status)


@blueprint.get("/api/oauth2/userinfo")
def userinfo() -> Response:
    """Returns the signed-in person and, with scope `balance`, what is left of the quota."""
    state = current_state()
    found = _bearer(state)
    if found is None:
        return _invalid_token()
    person = found.grant.person
    profile: dict[str, Any] = {
        "id": person.number,
        "username": person.key,
        "email": person.email,
        "created_time": 1_640_995_200,
        "status": 1,
    }
    if openid.is_asked(found.scope):
        profile.update(openid.claims_about(person))
    if "balance" in found.scope.split():
        quota, used = balance(state, person)
        left = f"{(quota - used) / UNITS_PER_YUAN:.2f}"
        profile.update({"quota": quota, "used_quota": used, "balance_formatted": left})
    return _json(profile)


@blueprint.route("/api/oauth2/topup", methods=["GET", "POST"])
def topup() -> Response:
    """Returns the address of the signed-in person's top-up page."""
    state = current_state()
    found = _bearer(state)
    if found is None:
        return _invalid_token()
    return _json({"topup_url": f"{state.settings.sandbox_url}/oauth2/topup/{found.grant.person.key}"})


@blueprint.post("/api/oauth2/revoke")
def revoke() -> Response:
    """Revokes a token and everything that came from the same consent (RFC 7009)."""
    state = current_state()
    fields = _fields()
    try:
        _check_client(state, fields)
    except OAuthError as error:
        return _json({"error": error.word, "error_description": error.description}, error.status)
    value = fields.get("token", "")
    found = state.refresh_tokens.get(value) or state.access_tokens.get(value)
    if found is not None and found.grant.platform == "oauth2":
        state.revoke_grant(found.grant.id)
    return _json({})


@blueprint.route("/topup/<key>", methods=["GET", "POST"], endpoint="topup_page")
def topup_page(key: str) -> AnyResponse:
    """Lets a person add to the balance, for nothing."""
    state = current_state()
    person = find_person(key)
    if person is None:
        return problem_page("", "404", "No such person.", 404)
    if request.method == "POST":
        amount = request.form.get("amount", "")
        if amount.isdecimal() and int(amount) in TOP_UP_CHOICES:
            top_up(state, person, int(amount) * UNITS_PER_YUAN)
        return redirect(request.path, code=303)
    quota, used = balance(state, person)
    left = (quota - used) / UNITS_PER_YUAN
    return Response(render_template("oauth2/topup.html", person=person, left=left, choices=TOP_UP_CHOICES))


def _fields() -> dict[str, str]:
    if request.mimetype == "application/json":
        body = request.get_json(silent=True)
        return {name: str(value) for name, value in body.items()} if isinstance(body, dict) else {}
    return request.form.to_dict()


def _check_client(state: SandboxState, fields: dict[str, str]) -> None:
    given = (fields.get("client_id"), fields.get("client_secret"))
    if request.authorization is not None and request.authorization.type == "basic":
        if fields.get("client_secret"):
            raise OAuthError("invalid_request", "Two client authentication methods were used.")
        given = (request.authorization.username, request.authorization.password)
    if given != (state.settings["OAUTH2_CLIENT_ID"], state.settings["OAUTH2_CLIENT_SECRET"]):
        raise OAuthError("invalid_client", "Unknown client or wrong secret.", 401)


def _redeem(state: SandboxState, fields: dict[str, str]) -> Issued:
    kind = fields.get("grant_type")
    if kind == "authorization_code":
        return _redeem_code(state, fields)
    if kind == "refresh_token":
        return _redeem_refresh_token(state, fields)
    raise OAuthError("unsupported_grant_type", "Use authorization_code or refresh_token.")


def _redeem_code(state: SandboxState, fields: dict[str, str]) -> Issued:
    code = state.codes.get(fields.get("code", ""))
    if code is None or code.grant.platform != "oauth2":
        raise OAuthError("invalid_grant", "Unknown code.")
    if code.used:
        # RFC 6749 section 4.1.2: a code that comes back casts doubt on the tokens it gave.
        state.revoke_grant(code.grant.id)
        raise OAuthError("invalid_grant", "The code was used before.")
    if not state.is_alive(code):
        raise OAuthError("invalid_grant", "The code expired.")
    if fields.get("redirect_uri") != code.grant.redirect_uri:
        raise OAuthError("invalid_grant", "redirect_uri differs.")
    if not pkce_holds(code.grant, fields.get("code_verifier")):
        raise OAuthError("invalid_grant", "The code verifier does not match.")
    return code


def _redeem_refresh_token(state: SandboxState, fields: dict[str, str]) -> Issued:
    found = state.refresh_tokens.get(fields.get("refresh_token", ""))
    if found is None or found.grant.platform != "oauth2" or found.revoked:
        raise OAuthError("invalid_grant", "Unknown refresh token.")
    if found.used:
        raise OAuthError("invalid_grant", "The refresh token was used before.")
    if not state.is_alive(found):
        raise OAuthError("invalid_grant", "The refresh token expired.")
    return found


def _tokens(state: SandboxState, grant: Grant) -> Response:
    access = state.issue_access_token(grant, "eyJ" + random_text(160), grant.scope)
    refresh = state.issue_refresh_token(grant, "refresh_" + random_text(40), grant.scope)
    answer = {
        "access_token": access.value,
        "token_type": "Bearer",
        "expires_in": state.lifetimes["oauth2.access_token"],
        "refresh_token": refresh.value,
        "scope": grant.scope,
    }
    id_token = openid.id_token(state, grant, access.value) if openid.is_asked(grant.scope) else None
    return _json(answer if id_token is None else answer | {"id_token": id_token})


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> Response:
    """Returns what a client needs to know about this server."""
    return _json(openid.document(current_state()))


@blueprint.get("/api/oauth2/jwks")
def jwks() -> Response:
    """Returns the public keys of the ID tokens."""
    return _json(openid.key_set(current_state()))


def _bearer(state: SandboxState) -> Issued | None:
    value = request.headers.get("Authorization", "")
    found = state.access_tokens.get(value.removeprefix("Bearer "))
    if not value.startswith("Bearer ") or found is None or found.grant.platform != "oauth2":
        return None
    return found if state.is_alive(found) else None


def _invalid_token() -> Response:
    response = _json({"error": "invalid_token", "error_description": "Unknown or expired token."}, 401)
    response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response


def _json(value: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    response = Response(text.encode(), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
