"""Simulated GitLab: login page, tokens, who is signed in, revocation.

Protocol: docs.gitlab.com, "OAuth 2.0 identity provider API", "GitLab as OpenID Connect identity provider", "Users API" (read 2026-11-28).
A code works once, for ten minutes; access tokens live for two hours; a refresh ends both old tokens.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.pkce import pkce_holds
from sandbox.platforms.gitlab import id_tokens, people
from sandbox.state import Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("gitlab", __name__, url_prefix="/gitlab")

SCOPES = frozenset({"openid", "profile", "email", "read_user"})
"""What is ticked on the page of the simulated application."""

LIFETIMES = {"code": 600, "access_token": 7200, "refresh_token": 31_536_000}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (
        401,
        {
            "error": "invalid_token",
            "error_description": "Token is expired. You can either do re-authorization or token refresh.",
        },
    )
}
SWITCHES = id_tokens.SWITCHES
ERRORS = {
    "invalid_client": "Client authentication failed due to unknown client, no client authentication included, or unsupported "
    "authentication method.",
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in "
    "the authorization request, or was issued to another client.",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server.",
    "insufficient_scope": "The request requires higher privileges than provided by the access token.",
}


@blueprint.get("/oauth/authorize")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person."""
    query = request.args
    if query.get("client_id") != current_state().settings["GITLAB_CLIENT_ID"]:
        return problem_page("client_id", "invalid_client", ERRORS["invalid_client"])
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page("redirect_uri", "invalid_request", "The redirect URI included is not valid.")
    if query.get("response_type") != "code":
        return problem_page("response_type", "unsupported_response_type", "response_type must be code.")
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        return problem_page(
            "code_challenge_method", "invalid_request", "The code challenge method must be S256."
        )
    scope = query.get("scope", "read_user")
    if not SCOPES.issuperset(scope.split()):
        return _back(query["redirect_uri"], {"error": "invalid_scope", "state": query.get("state", "")})
    return ask(
        AuthorizeRequest(
            platform="gitlab",
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            scope=scope,
            state=query.get("state"),
            code_challenge=query.get("code_challenge"),
            code_challenge_method="S256",
            nonce=query.get("nonce"),
        )
    )


@blueprint.post("/oauth/token")
def token() -> Response:
    """Exchanges a code or a refresh token, once."""
    state, fields = current_state(), request.form.to_dict()
    if not _is_our_client(state, fields):
        return _error("invalid_client", 401)
    if fields.get("grant_type") not in ("authorization_code", "refresh_token"):
        return _error("unsupported_grant_type", 400)
    with state.lock:
        found = _redeemable(state, fields)
        if found is None:
            return _error("invalid_grant", 400)
        found.used = True
        if fields["grant_type"] == "refresh_token":
            state.revoke_grant(found.grant.id)
        return _json(_tokens(state, found.grant))


@blueprint.get("/oauth/userinfo")
def userinfo() -> Response:
    """Returns the claims of the signed-in person."""
    found = _bearer()
    if found is None:
        return _json(EXPIRED_ANSWERS["*"][1], 401)
    if "openid" not in found.scope.split():
        return _error("insufficient_scope", 403)
    return _json(people.claims(found.grant.person, current_state().settings, found.scope))


@blueprint.get("/api/v4/user")
def user() -> Response:
    """Returns the signed-in person as the API knows them."""
    found = _bearer()
    if found is None:
        return _json(EXPIRED_ANSWERS["*"][1], 401)
    if "read_user" not in found.scope.split():
        return _error("insufficient_scope", 403)
    return _json(people.profile(found.grant.person, current_state().settings))


@blueprint.post("/oauth/revoke")
def revoke() -> Response:
    """Revokes a token and what was handed out with it."""
    state, fields = current_state(), request.form.to_dict()
    if not _is_our_client(state, fields):
        return _error("invalid_client", 403)
    value = fields.get("token", "")
    found = state.refresh_tokens.get(value) or state.access_tokens.get(value)
    if found is not None and found.grant.platform == "gitlab":
        state.revoke_grant(found.grant.id)
    return _json({})


@blueprint.get("/oauth/discovery/keys")
def keys() -> Response:
    """Returns the public key of the ID tokens."""
    return _json(id_tokens.key_set())


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> Response:
    """Returns what OpenID Connect clients need to know."""
    base = id_tokens.issuer(current_state())
    return _json(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "userinfo_endpoint": f"{base}/oauth/userinfo",
            "jwks_uri": f"{base}/oauth/discovery/keys",
            "scopes_supported": sorted(SCOPES),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


def refusal(status: int) -> Response | None:
    """Answers a wrong path or method as the API does."""
    return _json({"error": "404 Not Found"}, status) if status in (404, 405) else None


def _back(address: str, said: dict[str, str]) -> AnyResponse:
    parts = urlsplit(address)
    query = "&".join(filter(None, (parts.query, urlencode(said))))
    return redirect(urlunsplit(parts._replace(query=query)), code=302)


def _is_our_client(state: SandboxState, fields: dict[str, str]) -> bool:
    own = (state.settings["GITLAB_CLIENT_ID"], state.settings["GITLAB_CLIENT_SECRET"])
    return (fields.get("client_id"), fields.get("client_secret")) == own


def _redeemable(state: SandboxState, fields: dict[str, str]) -> Issued | None:
    if fields["grant_type"] == "refresh_token":
        found = state.refresh_tokens.get(fields.get("refresh_token", ""))
        return found if _is_good(state, found) else None
    found = state.codes.get(fields.get("code", ""))
    if found is None or not _is_good(state, found):
        return None
    is_same_return = fields.get("redirect_uri") == found.grant.redirect_uri
    return found if is_same_return and pkce_holds(found.grant, fields.get("code_verifier")) else None


def _is_good(state: SandboxState, found: Issued | None) -> bool:
    return found is not None and found.grant.platform == "gitlab" and not found.used and state.is_alive(found)


def _tokens(state: SandboxState, grant: Grant) -> dict[str, Any]:
    access = state.issue_access_token(grant, random_text(64), grant.scope)
    answer: dict[str, Any] = {
        "access_token": access.value,
        "token_type": "Bearer",
        "expires_in": state.lifetimes["gitlab.access_token"],
        "refresh_token": state.issue_refresh_token(grant, random_text(64), grant.scope).value,
        "scope": grant.scope,
        "created_at": int(state.now()),
    }
    made = id_tokens.id_token(state, grant, access.value) if "openid" in grant.scope.split() else None
    return answer if made is None else answer | {"id_token": made}


def _bearer() -> Issued | None:
    state, header = current_state(), request.headers.get("Authorization", "")
    found = state.access_tokens.get(header.removeprefix("Bearer "))
    is_own = found is not None and found.grant.platform == "gitlab" and header.startswith("Bearer ")
    return found if found is not None and is_own and state.is_alive(found) else None


def _error(word: str, status: int) -> Response:
    return _json({"error": word, "error_description": ERRORS[word]}, status)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    response = Response(text.encode(), status=status, content_type="application/json; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
