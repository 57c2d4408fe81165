"""Simulated WeChat web login: the authorize pages and the `sns` endpoints.

Protocol: developers.weixin.qq.com, "Web page authorization" and "Website application" (read 2026-11-20). Every logical error is HTTP
200 with an errcode. The official account's own API (`cgi-bin`) is in `account`.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import (
    PHONE_OWNER_COOKIE,
    AuthorizeRequest,
    ask,
    decide,
    problem_page,
    redirect_uri_is_allowed,
)
from sandbox.people import PEOPLE, find_person
from sandbox.platforms.wechat import people
from sandbox.platforms.wechat.credentials import login_apps
from sandbox.state import Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("wechat", __name__, url_prefix="/wechat")

PARAMETER_ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
PAGE_SCOPES = ("snsapi_base", "snsapi_userinfo")
SITE_SCOPES = ("snsapi_login",)
PROFILE_SCOPES = ("snsapi_userinfo", "snsapi_login")

LIFETIMES = {"code": 300, "access_token": 7200, "refresh_token": 2_592_000, "app_token": 7200}

EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (200, {"errcode": 42001, "errmsg": "access_token expired hint: [sandbox]"})
}
SNAPSHOT = "snapshot"
"""The switch that turns everybody who grants something into a snapshot user: a throw-away identity."""

MESSAGES: dict[int, str] = {
    0: "ok",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40125: "invalid appsecret",
    40163: "code been used",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    42001: "access_token expired",
    42002: "refresh_token expired",
    42003: "code expired",
    48001: "api unauthorized",
}


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> AnyResponse:
    """Checks an authorize link and asks the phone's owner, silently for `snsapi_base`."""
    state = current_state()
    problem = _authorize_problem(state.settings["WECHAT_APP_ID"], PAGE_SCOPES)
    if problem is not None:
        return problem_page("WeChat", problem[0], problem[1])
    wanted = _wanted()
    if wanted.scope == "snsapi_base":
        owner = state.auto_answer() or find_person(request.cookies.get(PHONE_OWNER_COOKIE, "")) or PEOPLE[0]
        return decide(state, wanted, owner, allowed=True)
    return ask(wanted)


@blueprint.get("/connect/qrconnect")
def qrconnect() -> AnyResponse:
    """Checks a website's login link; the scan is played by choosing a person on the page."""
    problem = _authorize_problem(current_state().settings["WECHAT_WEB_APP_ID"], SITE_SCOPES)
    if problem is not None:
        return problem_page("WeChat", problem[0], problem[1])
    return ask(_wanted())


@blueprint.get("/sns/oauth2/access_token")
def token() -> Response:
    """Exchanges a code."""
    state = current_state()
    problem = client_problem(login_apps(state.settings))
    if problem is None and request.args.get("grant_type") != "authorization_code":
        problem = 40002
    if problem is not None:
        return sns_error(problem)
    with state.lock:
        code = state.codes.get(request.args.get("code", ""))
        problem = _code_problem(state, code)
        if code is None or problem is not None:
            return sns_error(problem or 40029)
        code.used = True
        return _tokens(state, code.grant)


@blueprint.get("/sns/oauth2/refresh_token", endpoint="refresh")
def refresh_token() -> Response:
    """Prolongs a living access token, or issues a new one when it has ended."""
    state = current_state()
    app_id = request.args.get("appid")
    if app_id not in login_apps(state.settings):
        return sns_error(40013)
    if request.args.get("grant_type") != "refresh_token":
        return sns_error(40002)
    with state.lock:
        found = state.refresh_tokens.get(request.args.get("refresh_token", ""))
        if found is None or found.grant.client_id != app_id or found.revoked:
            return sns_error(40030)
        if not state.is_alive(found):
            return sns_error(42002)
        living = [t for t in state.access_tokens.values() if t.grant is found.grant and state.is_alive(t)]
        if not living:
            return _tokens(state, found.grant, refresh=found)
        living[-1].expires_at = state.now() + state.lifetimes["wechat.access_token"]
        return _token_answer(state, living[-1], found)


@blueprint.get("/sns/userinfo")
def userinfo() -> Response:
    """Returns the profile of whoever granted `snsapi_userinfo`."""
    state = current_state()
    found = state.access_tokens.get(request.args.get("access_token", ""))
    problem = _access_problem(state, found)
    if found is None or problem is not None:
        return sns_error(problem or 40001)
    if found.scope not in PROFILE_SCOPES:
        return sns_error(48001)
    person = found.grant.person
    return sns_json(
        {
            "openid": wechat_open_id(found.grant),
            "nickname": person.name_zh,
            "sex": 0,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": f"{state.settings.sandbox_url}/people/{person.key}.svg",
            "privilege": [],
            "unionid": _union_id(found.grant),
        }
    )


@blueprint.get("/sns/auth")
def auth() -> Response:
    """Tells whether an access token is still good for an OpenID."""
    state = current_state()
    found = state.access_tokens.get(request.args.get("access_token", ""))
    return sns_error(_access_problem(state, found) or 0)


def wechat_open_id(grant: Grant) -> str:
    """Returns the OpenID a grant shows: a throw-away one for a snapshot user."""
    if SNAPSHOT in grant.switches:
        return "oSNAP" + _throw_away(grant.id)[:23]
    return people.open_id(grant.person, grant.client_id)


def client_problem(apps: Mapping[str, str]) -> int | None:
    """Returns the errcode of a missing or wrong appid or secret."""
    app_id, secret = request.args.get("appid", ""), request.args.get("secret", "")
    if not app_id:
        return 41002
    if app_id not in apps:
        return 40013
    if not secret:
        return 41004
    return None if secret == apps[app_id] else 40125


def sns_error(code: int) -> Response:
    """Answers with an errcode the way `sns` does; 0 means success."""
    message = MESSAGES[code]
    return sns_json({"errcode": code, "errmsg": f"{message}, rid: {random_text(8)}" if code else message})


def sns_json(value: dict[str, Any]) -> Response:
    """Answers JSON as `sns` does: UTF-8 bytes under a plain text type that names no charset."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    response = Response(text.encode())
    response.headers["Content-Type"] = "text/plain"
    return response


def _wanted() -> AuthorizeRequest:
    query = request.args
    return AuthorizeRequest(
        platform="wechat",
        client_id=query["appid"],
        redirect_uri=query["redirect_uri"],
        scope=query["scope"],
        state=query.get("state"),
        closed_page="wechat/closed.html",
    )


def _authorize_problem(app_id: str, scopes: tuple[str, ...]) -> tuple[str, str] | None:
    query = request.args
    raw = request.query_string.decode("ascii", "replace")
    names = [name for name, _ in parse_qsl(raw, keep_blank_values=True)]
    known = [name for name in names if name in PARAMETER_ORDER]
    checks = (
        (not query.get("appid"), "10012", "appid is empty"),
        (query.get("appid") != app_id, "10016", "wrong kind of appid"),
        (not query.get("redirect_uri"), "10011", "redirect_uri is empty"),
        (not redirect_uri_is_allowed(query.get("redirect_uri", "")), "10003", "redirect_uri host mismatch"),
        (query.get("response_type") != "code", "10005", "response_type must be code"),
        (not query.get("scope"), "10010", "scope is empty"),
        (query.get("scope") not in scopes, "10005", "scope was not granted"),
        (query.get("state") == "", "10013", "state is empty"),
        (not re.fullmatch(r"[a-zA-Z0-9]{0,128}", query.get("state", "")), "10013", "state has other letters"),
        (known != [n for n in PARAMETER_ORDER if n in known], "10005", "the order of the parameters matters"),
        (names[: len(known)] != known, "10005", "extra parameters belong at the end"),
    )
    return next(((code, text) for wrong, code, text in checks if wrong), None)


def _code_problem(state: SandboxState, code: Issued | None) -> int | None:
    if not request.args.get("code"):
        return 41008
    if code is None or code.grant.client_id != request.args.get("appid"):
        return 40029
    if code.used:
        return 40163
    return None if state.is_alive(code) else 42003


def _access_problem(state: SandboxState, found: Issued | None) -> int | None:
    if found is None or found.grant.platform != "wechat" or found.revoked:
        return 40001
    if not state.is_alive(found):
        return 42001
    matches = request.args.get("openid") == wechat_open_id(found.grant)
    return None if matches else 40003


def _tokens(state: SandboxState, grant: Grant, refresh: Issued | None = None) -> Response:
    access = state.issue_access_token(grant, f"{len(state.access_tokens)}_{random_text(86)}", grant.scope)
    kept = refresh or state.issue_refresh_token(grant, f"{len(state.refresh_tokens)}_{random_text(86)}", "")
    return _token_answer(state, access, kept)


def _token_answer(state: SandboxState, access: Issued, refresh: Issued) -> Response:
    answer: dict[str, Any] = {
        "access_token": access.value,
        "expires_in": int(access.expires_at - state.now() + 0.5),
        "refresh_token": refresh.value,
        "openid": wechat_open_id(access.grant),
        "scope": access.scope,
    }
    if access.scope in PROFILE_SCOPES:
        answer["unionid"] = _union_id(access.grant)
    if SNAPSHOT in access.grant.switches:
        answer["is_snapshotuser"] = 1
    return sns_json(answer)


def _union_id(grant: Grant) -> str:
    if SNAPSHOT in grant.switches:
        return "oSNAP" + _throw_away(grant.id, "union")[:23]
    return people.union_id(grant.person)


def _throw_away(*parts: str) -> str:
    return urlsafe_b64encode(hashlib.sha256("/".join(parts).encode()).digest()).decode()
