"""Simulated Acme: login page, token endpoints, who somebody is, the application's token."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.pkce import pkce_holds
from sandbox.platforms.acme.people import acme_id
from sandbox.state import AppToken, Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("acme", __name__, url_prefix="/acme")

LIFETIMES = {"code": 300, "access_token": 3600, "refresh_token": 86_400, "app_token": 3600}

EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {"*": (401, {"error": "bad_token"})}


@blueprint.get("/authorize")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person."""
    query = request.args
    if query.get("client_id") != current_state().settings["ACME_CLIENT_ID"]:
        return problem_page("client_id", "unknown", "This application is not registered.")
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page("redirect_uri", "unknown", "This return address is not registered.")
    return ask(
        AuthorizeRequest(
            platform="acme",
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            scope="me",
            state=query.get("state"),
            code_challenge=query.get("code_challenge"),
            code_challenge_method="S256",
        )
    )


@blueprint.post("/token")
def token() -> tuple[Response, int] | Response:
    """Exchanges a code or a refresh token, each once."""
    state = current_state()
    if not client_is_known(state):
        return jsonify({"error": "bad_client"}), 401
    with state.lock:
        found = _redeemed(state)
        if found is None:
            return jsonify({"error": "bad_grant"}), 400
        found.used = True
        return _tokens(state, found.grant)


@blueprint.get("/me")
def me() -> tuple[Response, int] | Response:
    """Says who somebody is."""
    state = current_state()
    found = state.access_tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if found is None or found.grant.platform != "acme" or not state.is_alive(found):
        return jsonify({"error": "bad_token"}), 401
    return jsonify({"acme_id": acme_id(found.grant.person), "name": found.grant.person.name_en})


@blueprint.post("/app_token")
def app_token() -> tuple[Response, int] | Response:
    """Hands out a new token of the application."""
    state = current_state()
    if not client_is_known(state):
        return jsonify({"error": "bad_client"}), 401
    with state.lock:
        made = AppToken("acme_app_" + random_text(24), state.now() + state.lifetimes["acme.app_token"])
        state.app_tokens.setdefault("acme", []).append(made)
    return jsonify({"app_token": made.value, "expires_in": state.lifetimes["acme.app_token"]})


def client_is_known(state: SandboxState) -> bool:
    """Tells whether the form carries the application's credentials."""
    expected = (state.settings["ACME_CLIENT_ID"], state.settings["ACME_CLIENT_SECRET"])
    return (request.form.get("client_id"), request.form.get("client_secret")) == expected


def _redeemed(state: SandboxState) -> Issued | None:
    form = request.form
    if "refresh_token" in form:
        found = state.refresh_tokens.get(form["refresh_token"])
    else:
        found = state.codes.get(form.get("code", ""))
        if found is not None and not pkce_holds(found.grant, form.get("code_verifier")):
            return None
    if found is None or found.grant.platform != "acme" or found.used or not state.is_alive(found):
        return None
    return found


def _tokens(state: SandboxState, grant: Grant) -> Response:
    access = state.issue_access_token(grant, random_text(40), grant.scope)
    refresh = state.issue_refresh_token(grant, random_text(40), grant.scope)
    lifetime = state.lifetimes["acme.access_token"]
    return jsonify({"access_token": access.value, "refresh_token": refresh.value, "expires_in": lifetime})
