"""Simulated GitHub: login page, token endpoint, the signed-in person.

Protocol: docs.github.com, "Authorizing OAuth apps" and "Troubleshooting OAuth app access token request errors" (read 2026-11-20).
Errors of the token endpoint have status 200; answers are a form unless JSON is asked for; a code works once, for ten minutes.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.pkce import pkce_holds
from sandbox.platforms.github import people
from sandbox.state import Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("github", __name__, url_prefix="/github")

LIFETIMES = {"code": 600, "access_token": 31_536_000, "refresh_token": 15_897_600}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (
        401,
        {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"},
    )
}
EXPIRING = "github_expiring_tokens"
UNVERIFIED = "github_unverified_mail"
SWITCHES = (EXPIRING, UNVERIFIED)
"""Tokens of eight hours with a refresh token, as GitHub Apps may have; people who have not confirmed their mail."""

ERRORS = {
    "bad_verification_code": "The code passed is incorrect or expired.",
    "bad_refresh_token": "The refresh token passed is incorrect or expired.",
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "redirect_uri_mismatch": "The redirect_uri MUST match the registered callback URL for this application.",
    "unverified_user_email": "The user must have a verified primary email.",
}


@blueprint.get("/login/oauth/authorize")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person."""
    query = request.args
    if query.get("client_id") != current_state().settings["GITHUB_CLIENT_ID"]:
        return problem_page("client_id", "404", "There is no such application.", 404)
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page("redirect_uri", "redirect_uri_mismatch", ERRORS["redirect_uri_mismatch"])
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        return problem_page("code_challenge_method", "invalid_request", "Only S256 is supported.")
    return ask(
        AuthorizeRequest(
            platform="github",
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            scope=query.get("scope", ""),
            state=query.get("state"),
            code_challenge=query.get("code_challenge"),
            code_challenge_method="S256",
        )
    )


@blueprint.post("/login/oauth/access_token")
def token() -> Response:
    """Exchanges a code or a refresh token, once."""
    state, fields = current_state(), request.form.to_dict()
    own = (state.settings["GITHUB_CLIENT_ID"], state.settings["GITHUB_CLIENT_SECRET"])
    if (fields.get("client_id"), fields.get("client_secret")) != own:
        return _error("incorrect_client_credentials")
    if state.switches[UNVERIFIED]:
        return _error("unverified_user_email")
    with state.lock:
        found, word = _redeemable(state, fields)
        if found is None:
            return _error(word)
        found.used = True
        return _answer(_tokens(state, found.grant))


@blueprint.get("/api/user")
def user() -> Response:
    """Returns the signed-in person; a client without a User-Agent is turned away."""
    state = current_state()
    if not request.headers.get("User-Agent"):
        return _json({"message": "Request forbidden by administrative rules."}, 403)
    header = request.headers.get("Authorization", "")
    found = state.access_tokens.get(header.removeprefix("Bearer "))
    is_own = found is not None and found.grant.platform == "github" and header.startswith("Bearer ")
    if found is None or not is_own or not state.is_alive(found):
        return _json(EXPIRED_ANSWERS["*"][1], 401)
    return _json(people.profile(found.grant.person, state.settings))


def refusal(status: int) -> Response | None:
    """Answers a wrong path or method as the API does."""
    return _json({"message": "Not Found", "status": "404"}, status) if status in (404, 405) else None


def _redeemable(state: SandboxState, fields: dict[str, str]) -> tuple[Issued | None, str]:
    """Returns what is redeemed, or None and the word for why not."""
    if fields.get("grant_type") == "refresh_token":
        found = state.refresh_tokens.get(fields.get("refresh_token", ""))
        return (found, "") if _is_good(state, found) else (None, "bad_refresh_token")
    found = state.codes.get(fields.get("code", ""))
    if found is None or not _is_good(state, found):
        return None, "bad_verification_code"
    if fields.get("redirect_uri") != found.grant.redirect_uri:
        return None, "redirect_uri_mismatch"
    if not pkce_holds(found.grant, fields.get("code_verifier")):
        return None, "bad_verification_code"
    return found, ""


def _is_good(state: SandboxState, found: Issued | None) -> bool:
    return found is not None and found.grant.platform == "github" and not found.used and state.is_alive(found)


def _tokens(state: SandboxState, grant: Grant) -> dict[str, Any]:
    access = state.issue_access_token(grant, "gho_" + random_text(36), grant.scope)
    answer: dict[str, Any] = {
        "access_token": access.value,
        "token_type": "bearer",
        "scope": ",".join(grant.scope.split()),
    }
    if not state.switches[EXPIRING]:
        return answer
    access.expires_at = state.now() + 28_800
    refresh = state.issue_refresh_token(grant, "ghr_" + random_text(72), grant.scope)
    lifetime = state.lifetimes["github.refresh_token"]
    return answer | {
        "expires_in": 28_800,
        "refresh_token": refresh.value,
        "refresh_token_expires_in": lifetime,
    }


def _error(word: str) -> Response:
    page = "https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting"
    return _answer({"error": word, "error_description": ERRORS[word], "error_uri": page})


def _answer(content: dict[str, Any]) -> Response:
    """Answers in JSON where it is asked for, else as a form."""
    if "application/json" in request.headers.get("Accept", ""):
        return _json(content)
    return Response(urlencode(content), content_type="application/x-www-form-urlencoded; charset=utf-8")


def _json(content: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status=status, content_type="application/json; charset=utf-8")
