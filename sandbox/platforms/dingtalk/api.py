"""Simulated DingTalk: login page, user tokens, user information, the application's token.

Protocol: open-source connectors and copies of DingTalk's pages (read 2026-11-27). Bodies are JSON in camelCase; refusals are 4xx with a
word in `code`. The login sends the code back as `authCode` and as `code`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.platforms.dingtalk import people
from sandbox.state import AppToken, Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("dingtalk", __name__, url_prefix="/dingtalk")

CORP_ID = "dingsandboxcorp01"
LIFETIMES = {"code": 300, "access_token": 7200, "refresh_token": 2_592_000, "app_token": 7200}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (400, {"code": "InvalidAuthentication", "requestid": "sandbox", "message": "不合法的access_token"})
}
SWITCHES = ("dingtalk_visitor", "dingtalk_no_permission")
"""The person is a visitor; the application may not read user information."""

SCOPES = frozenset({"openid", "corpid"})
IN_APP = "in-app"
"""Marks a code that the script inside the app handed out; it is redeemed at another address."""


@blueprint.get("/oauth2/auth")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person."""
    settings, query = current_state().settings, request.args
    if query.get("client_id") != settings["DINGTALK_APP_KEY"]:
        return problem_page("client_id", "invalidClientId", "The application does not exist.")
    if query.get("response_type") != "code" or query.get("prompt") != "consent":
        return problem_page(
            "prompt", "invalidParameter", "response_type must be code, prompt must be consent."
        )
    scope = query.get("scope", "")
    if "openid" not in scope.split() or not set(scope.split()) <= SCOPES:
        return problem_page("scope", "invalidScope", "scope must be openid, or openid corpid.")
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page(
            "redirect_uri", "invalidRedirectUri", "The address is not among the redirect URLs."
        )
    return ask(
        AuthorizeRequest(
            platform="dingtalk",
            client_id=settings["DINGTALK_APP_KEY"],
            redirect_uri=query["redirect_uri"],
            scope=scope,
            state=query.get("state"),
            code_parameter="authCode",
        )
    )


@blueprint.post("/v1.0/oauth2/userAccessToken")
def user_token() -> Response:
    """Exchanges a code or a refresh token."""
    state, fields = current_state(), _fields()
    if not _is_client(state, fields.get("clientId"), fields.get("clientSecret")):
        return refused("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
    with state.lock:
        if fields.get("grantType") == "refresh_token":
            found = _living(state, state.refresh_tokens, fields.get("refreshToken"))
            if found is None:
                return refused("invalidParameter.refreshToken.notFound", "不合法的refreshToken")
        else:
            found = _living(state, state.codes, fields.get("code"))
            if found is None or found.scope == IN_APP:
                return refused("invalidParameter.authCode.notFound", "不合法的临时授权码")
        found.used = True
        return _tokens(state, found.grant)


@blueprint.get("/v1.0/contact/users/me")
def user_info() -> Response:
    """Returns the signed-in person."""
    state = current_state()
    found = state.access_tokens.get(request.headers.get("x-acs-dingtalk-access-token", ""))
    if found is None or found.grant.platform != "dingtalk" or found.revoked or not state.is_alive(found):
        return refused("InvalidAuthentication", "不合法的access_token")
    if state.switches.get("dingtalk_no_permission"):
        more = {"accessdenieddetail": {"requiredScopes": ["Contact.User.Read"]}}
        return refused(
            "Forbidden.AccessDenied.AccessTokenPermissionDenied", "没有调用该接口的权限", 403, more
        )
    person = found.grant.person
    answer: dict[str, Any] = {
        "nick": person.name_zh,
        "avatarUrl": f"{state.settings.sandbox_url}/people/{person.key}.svg",
        "openId": people.open_id(person, state.settings["DINGTALK_APP_KEY"]),
        "unionId": people.union_id(person),
        "mobile": person.mobile.removeprefix("+86"),
        "stateCode": "86",
        "email": person.email,
    }
    return answer_json(answer | ({"visitor": True} if state.switches.get("dingtalk_visitor") else {}))


@blueprint.post("/v1.0/oauth2/accessToken")
def app_token() -> Response:
    """Hands out the application's own token, the same one as long as it lives."""
    state, fields = current_state(), _fields()
    if not _is_client(state, fields.get("appKey"), fields.get("appSecret")):
        return refused("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
    with state.lock:
        kept = state.app_tokens.setdefault("dingtalk", [])
        if not kept or not state.is_alive(kept[-1]):
            kept.append(AppToken(random_text(32), state.now() + state.lifetimes["dingtalk.app_token"]))
        current = kept[-1]
    return answer_json({"accessToken": current.value, "expireIn": int(current.expires_at - state.now())})


def _fields() -> dict[str, str]:
    body = request.get_json(silent=True)
    return {name: str(value) for name, value in body.items()} if isinstance(body, dict) else {}


def _is_client(state: SandboxState, key: str | None, secret: str | None) -> bool:
    return (key, secret) == (state.settings["DINGTALK_APP_KEY"], state.settings["DINGTALK_APP_SECRET"])


def _living(state: SandboxState, shelf: Mapping[str, Issued], value: str | None) -> Issued | None:
    found = shelf.get(value or "")
    is_good = found is not None and found.grant.platform == "dingtalk" and not (found.used or found.revoked)
    return found if found is not None and is_good and state.is_alive(found) else None


def _tokens(state: SandboxState, grant: Grant) -> Response:
    access = state.issue_access_token(grant, random_text(32), grant.scope)
    refresh = state.issue_refresh_token(grant, random_text(32), grant.scope)
    answer: dict[str, Any] = {
        "accessToken": access.value,
        "refreshToken": refresh.value,
        "expireIn": state.lifetimes["dingtalk.access_token"],
    }
    return answer_json(answer | ({"corpId": CORP_ID} if "corpid" in grant.scope.split() else {}))


def refused(code: str, message: str, status: int = 400, more: Mapping[str, Any] | None = None) -> Response:
    """Refuses a call as the newer API does: a status and a word."""
    return answer_json({"code": code, "requestid": "sandbox", "message": message, **(more or {})}, status)


def answer_json(value: Mapping[str, Any], status: int = 200) -> Response:
    """Answers with JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status=status, content_type="application/json; charset=utf-8")
