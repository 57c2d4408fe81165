"""Simulated Gitee: login page, tokens, the signed-in person.

Protocol: gitee.com/api/v5/oauth_doc, as copies of it tell (read 2026-11-28). An access token lives for a day; the status of a refused
token call is unconfirmed, so a switch chooses between 401 and 200.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.platforms.gitee import people
from sandbox.state import Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("gitee", __name__, url_prefix="/gitee")

LIFETIMES = {"code": 600, "access_token": 86_400, "refresh_token": 31_536_000}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (401, {"message": "401 Unauthorized: Access token is expired"})
}
ERRORS_WITH_200 = "gitee_errors_with_200"
SWITCHES = (ERRORS_WITH_200,)
ERRORS = {
    "invalid_client": "客户端鉴权失败",
    "invalid_grant": "授权方式无效，或者登录回调地址无效、过期或已被撤销",
    "unsupported_grant_type": "不支持的授权方式",
}


@blueprint.get("/oauth/authorize")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person."""
    query = request.args
    if query.get("client_id") != current_state().settings["GITEE_CLIENT_ID"]:
        return problem_page("client_id", "invalid_client", "There is no such application.", 401)
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page("redirect_uri", "invalid_redirect_uri", "无效的登录回调地址")
    if query.get("response_type") != "code":
        return problem_page("response_type", "unsupported_response_type", "response_type must be code.")
    return ask(
        AuthorizeRequest(
            platform="gitee",
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            scope=query.get("scope", "user_info"),
            state=query.get("state"),
        )
    )


@blueprint.post("/oauth/token")
def token() -> Response:
    """Exchanges a code or a refresh token, once; a client without a User-Agent is turned away."""
    state, fields = current_state(), request.form.to_dict()
    if not request.headers.get("User-Agent"):
        return Response("403 Forbidden", 403, content_type="text/plain")
    own = (state.settings["GITEE_CLIENT_ID"], state.settings["GITEE_CLIENT_SECRET"])
    if (fields.get("client_id"), fields.get("client_secret")) != own:
        return _error("invalid_client")
    if fields.get("grant_type") not in ("authorization_code", "refresh_token"):
        return _error("unsupported_grant_type")
    with state.lock:
        found = _redeemable(state, fields)
        if found is None:
            return _error("invalid_grant")
        found.used = True
        return _json(_tokens(state, found.grant))


@blueprint.get("/api/v5/user")
def user() -> Response:
    """Returns the signed-in person."""
    state = current_state()
    found = state.access_tokens.get(request.args.get("access_token", ""))
    if found is None or found.grant.platform != "gitee" or not state.is_alive(found):
        return _json(EXPIRED_ANSWERS["*"][1], 401)
    if "user_info" not in found.scope.split():
        return _json({"message": "403 Forbidden: insufficient scope"}, 403)
    return _json(people.profile(found.grant.person, state.settings))


def refusal(status: int) -> Response | None:
    """Answers a wrong path or method as the API does."""
    return _json({"message": "404 Not Found"}, status) if status in (404, 405) else None


def _redeemable(state: SandboxState, fields: dict[str, str]) -> Issued | None:
    if fields["grant_type"] == "refresh_token":
        found = state.refresh_tokens.get(fields.get("refresh_token", ""))
        return found if _is_good(state, found) else None
    found = state.codes.get(fields.get("code", ""))
    is_same_return = found is not None and fields.get("redirect_uri") == found.grant.redirect_uri
    return found if is_same_return and _is_good(state, found) else None


def _is_good(state: SandboxState, found: Issued | None) -> bool:
    return found is not None and found.grant.platform == "gitee" and not found.used and state.is_alive(found)


def _tokens(state: SandboxState, grant: Grant) -> dict[str, Any]:
    return {
        "access_token": state.issue_access_token(grant, random_text(32), grant.scope).value,
        "token_type": "bearer",
        "expires_in": state.lifetimes["gitee.access_token"],
        "refresh_token": state.issue_refresh_token(grant, random_text(64), grant.scope).value,
        "scope": grant.scope,
        "created_at": int(state.now()),
    }


def _error(word: str) -> Response:
    status = 200 if current_state().switches[ERRORS_WITH_200] else 401
    return _json({"error": word, "error_description": ERRORS[word]}, status)


def _json(content: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status=status, content_type="application/json; charset=utf-8")
