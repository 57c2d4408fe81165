"""Simulated third-party platform: its token by ticket, the page where accounts authorise, their tokens, a message in their name.

Protocol: developers.weixin.qq.com, Open Platform, pages of the third-party platform's API (read 2026-11-28). Every logical
error is HTTP 200 with an errcode.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import problem_page, redirect_uri_is_allowed
from sandbox.platforms.wechat_component import authorisations
from sandbox.state import AppToken, SandboxState, current_state, random_text

blueprint = Blueprint("wechat_component", __name__, url_prefix="/wechat_component")

LIFETIMES = {
    "ticket": 43_200,
    "app_token": 7200,
    "pre_auth_code": 600,
    "code": 3600,
    "access_token": 7200,
    "refresh_token": 2_592_000,
}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (200, {"errcode": 42001, "errmsg": "access_token expired rid: sandbox"})
}
MESSAGES: dict[int, str] = {
    40001: "invalid credential",
    40013: "invalid appid",
    40014: "invalid access_token",
    40003: "invalid openid",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40125: "invalid appsecret",
    41001: "access_token missing",
    42001: "access_token expired",
    45002: "content size out of limit",
    47001: "data format error",
    61003: "component is not authorized by this account",
    61005: "component ticket is expired",
    61006: "component ticket is invalid",
    61009: "code is invalid",
    61023: "refresh_token is invalid",
}
OWN, PRE = "wechat_component", "wechat_component.pre_auth_codes"


@blueprint.post("/cgi-bin/component/api_component_token", endpoint="app_token")
def component_token() -> Response:
    """Hands out the third-party platform's own token for a ticket that is good."""
    state, body = current_state(), _body()
    settings = state.settings
    if body.get("component_appid") != settings["WECHAT_COMPONENT_APP_ID"]:
        return answer_error(40013)
    if body.get("component_appsecret") != settings["WECHAT_COMPONENT_APP_SECRET"]:
        return answer_error(40125)
    if (
        problem := token_problem(state, "wechat_component.tickets", str(body.get("component_verify_ticket")))
    ) is not None:
        return answer_error({40014: 61006, 42001: 61005}[problem])
    token = _issue(state, OWN, random_text(120), "app_token")
    return answer(
        {"component_access_token": token, "expires_in": state.lifetimes["wechat_component.app_token"]}
    )


@blueprint.post("/cgi-bin/component/api_create_preauthcode", endpoint="pre_auth_code")
def create_preauthcode() -> Response:
    """Hands out a code for the page where accounts authorise."""
    state = current_state()
    if (problem := own_problem(state)) is not None:
        return answer_error(problem)
    code = _issue(state, PRE, f"preauthcode@@@{random_text(48)}", "pre_auth_code")
    return answer({"pre_auth_code": code, "expires_in": state.lifetimes["wechat_component.pre_auth_code"]})


@blueprint.get("/cgi-bin/componentloginpage", endpoint="authorise")
def component_login_page() -> AnyResponse:
    """Plays the page where an owner scans a code and authorises: it sends the browser back at once."""
    state, query = current_state(), request.args
    if query.get("component_appid") != state.settings["WECHAT_COMPONENT_APP_ID"]:
        return problem_page("WeChat", "40013", "the third-party platform (component_appid) is unknown")
    if token_problem(state, PRE, query.get("pre_auth_code", "")) is not None:
        return problem_page("WeChat", "61011", "the pre_auth_code is not good, or was used")
    if query.get("auth_type") not in ("1", "2", "3"):
        return problem_page("WeChat", "40035", "auth_type must be 1, 2 or 3")
    back = query.get("redirect_uri", "")
    if not redirect_uri_is_allowed(back):
        return problem_page("WeChat", "10003", "redirect_uri is not on the third-party platform's domain")
    code, _ = authorisations.new_code(state)
    more = urlencode({"auth_code": code, "expires_in": state.lifetimes["wechat_component.code"]})
    return redirect(f"{back}{'&' if '?' in back else '?'}{more}")


@blueprint.post("/cgi-bin/component/api_query_auth", endpoint="redeem")
def query_auth() -> Response:
    """Redeems an authorisation code, once."""
    state = current_state()
    if (problem := own_problem(state)) is not None:
        return answer_error(problem)
    account = authorisations.spend_code(state, str(_body().get("authorization_code")))
    if account is None:
        return answer_error(61009)
    access, refresh = authorisations.new_tokens(state, account)
    info = {
        "authorizer_appid": account,
        "authorizer_access_token": access,
        "expires_in": state.lifetimes["wechat_component.access_token"],
        "authorizer_refresh_token": refresh,
        "func_info": [{"funcscope_category": {"id": 1}}],
    }
    return answer({"authorization_info": info})


@blueprint.post("/cgi-bin/component/api_authorizer_token", endpoint="account_token")
def authorizer_token() -> Response:
    """Hands out an account's next tokens; the refresh token that was sent is spent."""
    state, body = current_state(), _body()
    if (problem := own_problem(state)) is not None:
        return answer_error(problem)
    account = str(body.get("authorizer_appid"))
    if not authorisations.is_authorised(state, account):
        return answer_error(61003)
    if not authorisations.refresh_is_good(state, account, str(body.get("authorizer_refresh_token"))):
        return answer_error(61023)
    access, refresh = authorisations.new_tokens(state, account)
    return answer(
        {
            "authorizer_access_token": access,
            "expires_in": state.lifetimes["wechat_component.access_token"],
            "authorizer_refresh_token": refresh,
        }
    )


@blueprint.post("/cgi-bin/component/api_get_authorizer_info", endpoint="account")
def get_authorizer_info() -> Response:
    """Tells what an account is called."""
    state = current_state()
    if (problem := own_problem(state)) is not None:
        return answer_error(problem)
    account = str(_body().get("authorizer_appid"))
    if not authorisations.is_authorised(state, account):
        return answer_error(61003)
    info = {
        "nick_name": authorisations.TITLE,
        "user_name": authorisations.original_ids(state).get(account, ""),
        "service_type_info": {"id": 2},
    }
    return answer({"authorizer_info": info})


def answer(value: dict[str, Any]) -> Response:
    """Answers with success; these calls leave errcode out."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), content_type="application/json; encoding=utf-8")


def answer_error(code: int) -> Response:
    """Answers with an errcode; the text carries a request id, as the real one does."""
    return answer({"errcode": code, "errmsg": f"{MESSAGES[code]} rid: {random_text(8)}-{random_text(8)}"})


def _body() -> dict[str, Any]:
    found = request.get_json(force=True, silent=True)
    return found if isinstance(found, dict) else {}


def _issue(state: SandboxState, name: str, value: str, kind: str) -> str:
    with state.lock:
        ends_at = state.now() + state.lifetimes[f"wechat_component.{kind}"]
        state.app_tokens.setdefault(name, []).append(AppToken(value, ends_at))
    return value


def own_problem(state: SandboxState) -> int | None:
    """Returns the errcode of a call that does not prove the third-party platform."""
    named = request.args.get("component_appid") or _body().get("component_appid")
    if named != state.settings["WECHAT_COMPONENT_APP_ID"]:
        return 40013
    value = request.args.get("component_access_token", "")
    return token_problem(state, OWN, value) if value else 41001


def token_problem(state: SandboxState, name: str, value: str) -> int | None:
    """Returns the errcode of a token that is not good."""
    with state.lock:
        found = next((each for each in state.app_tokens.get(name, []) if each.value == value), None)
    if found is None or found.revoked:
        return 40014
    return None if state.is_alive(found) else 42001
