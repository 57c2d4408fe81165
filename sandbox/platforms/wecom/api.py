"""Simulated WeCom: both login pages, `gettoken`, and who a code or a user ticket belongs to.

Protocol: developer.work.weixin.qq.com, pages 91039, 91022, 91023, 95833 and 98152 (read 2026-11-20). Every logical
error is HTTP 200 with an errcode.
"""

from __future__ import annotations

import re
from typing import Any

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
from sandbox.platforms.wecom import people
from sandbox.state import AppToken, Issued, SandboxState, current_state, random_text
from sandbox.tencent_answers import answer, refused

blueprint = Blueprint("wecom", __name__, url_prefix="/wecom")

BASE_SCOPE, PRIVATE_SCOPE, QR_SCOPE = "snsapi_base", "snsapi_privateinfo", "qr"
PARAMETER_ORDER = ["appid", "redirect_uri", "response_type", "scope", "state", "agentid"]
LIFETIMES = {"code": 300, "access_token": 1800, "app_token": 7200}
"""`access_token` is what a user ticket lives."""

OUTSIDER = "outsider"
"""The switch that makes everybody who logs in somebody who is no member of the company."""

EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (200, {"errcode": 42001, "errmsg": "access_token expired, hint: [sandbox]"})
}
MESSAGES: dict[int, str] = {
    0: "ok",
    40001: "invalid credential",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40007: "invalid media_id",
    40008: "invalid message type",
    40004: "invalid media type",
    40006: "invalid media file size",
    40009: "invalid image size",
    41005: "media data missing",
    44001: "empty media data",
    40029: "invalid code",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    41001: "access_token missing",
    42001: "access_token expired",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article count exceed limit",
    45009: "api freq out of limit",
    60111: "userid not found",
    81013: "user & party & tag all invalid",
    93000: "invalid webhook url",
}


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> AnyResponse:
    """Checks a link inside the app: silent with `snsapi_base`, with a question for private information."""
    state = current_state()
    query = request.args
    problem = _problem(state) or _link_problem()
    if problem is not None:
        return problem_page("WeCom", problem[0], problem[1])
    wanted = _wanted(query["scope"])
    if wanted.scope == BASE_SCOPE:
        owner = state.auto_answer() or find_person(request.cookies.get(PHONE_OWNER_COOKIE, "")) or PEOPLE[0]
        return decide(state, wanted, owner, allowed=True)
    return ask(wanted)


@blueprint.get("/wwlogin/sso/login", endpoint="qr_login")
def qr_login() -> AnyResponse:
    """Checks a desktop's link; the scan is played by choosing a person on the page."""
    query = request.args
    problem = _problem(current_state())
    if problem is None and query.get("login_type") != "CorpApp":
        problem = ("40058", "login_type must be CorpApp")
    if problem is not None:
        return problem_page("WeCom", problem[0], problem[1])
    return ask(_wanted(QR_SCOPE))


@blueprint.get("/cgi-bin/gettoken", endpoint="app_token")
def gettoken() -> Response:
    """Hands out the application's token: the same one again while it lives."""
    state, query = current_state(), request.args
    if query.get("corpid") != state.settings["WECOM_CORP_ID"]:
        return answer_error(40013)
    if query.get("corpsecret") != state.settings["WECOM_SECRET"]:
        return answer_error(40001)
    with state.lock:
        kept = state.app_tokens.setdefault("wecom", [])
        living = [token for token in kept if state.is_alive(token)]
        if not living:
            end = state.now() + state.lifetimes["wecom.app_token"]
            kept.append(AppToken(random_text(180), end))
        token = kept[-1]
    seconds = int(token.expires_at - state.now() + 0.5)
    return answer({"access_token": token.value, "expires_in": seconds})


@blueprint.get("/cgi-bin/auth/getuserinfo", endpoint="user_info")
def getuserinfo() -> Response:
    """Says whose code this is, once: a member's `userid`, or the `openid` of somebody else."""
    state = current_state()
    if (problem := token_problem(state)) is not None:
        return answer_error(problem)
    with state.lock:
        code = state.codes.get(request.args.get("code", ""))
        if code is None or code.grant.platform != "wecom" or code.used or not state.is_alive(code):
            return answer_error(40029)
        code.used = True
        return answer(_who(state, code))


@blueprint.post("/cgi-bin/auth/getuserdetail", endpoint="user_detail")
def getuserdetail() -> Response:
    """Tells what a member allowed, for their ticket."""
    state = current_state()
    if (problem := token_problem(state)) is not None:
        return answer_error(problem)
    body = request.get_json(force=True, silent=True)
    found = state.access_tokens.get(str(body.get("user_ticket", ""))) if isinstance(body, dict) else None
    if found is None or found.grant.platform != "wecom" or not state.is_alive(found):
        return answer_error(40029)
    person = found.grant.person
    return answer(
        {
            "userid": people.user_id(person),
            "gender": "0",
            "avatar": f"{state.settings.sandbox_url}/people/{person.key}.svg",
            "qr_code": "",
        }
    )


@blueprint.get("/cgi-bin/user/get", endpoint="member")
def user_get() -> Response:
    """Tells who a member is; an application made after June 2022 gets neither picture nor address."""
    state = current_state()
    if (problem := token_problem(state)) is not None:
        return answer_error(problem)
    person = people.find_member(request.args.get("userid", ""))
    if person is None:
        return answer_error(60111)
    return answer(
        {
            "userid": people.user_id(person),
            "name": person.name_zh,
            "department": [1],
            "position": "",
            "status": 1,
        }
    )


def answer_error(code: int) -> Response:
    """Answers with an errcode."""
    return refused(MESSAGES, code)


def token_problem(state: SandboxState) -> int | None:
    """Returns the number for what is wrong with the application's token, None for a good one."""
    value = request.args.get("access_token", "")
    if not value:
        return 41001
    with state.lock:
        kept = state.app_tokens.get("wecom", [])
        found = next((token for token in kept if token.value == value), None)
    if found is None or found.revoked:
        return 40014
    return None if state.is_alive(found) else 42001


def _wanted(scope: str) -> AuthorizeRequest:
    query = request.args
    return AuthorizeRequest(
        platform="wecom",
        client_id=query["appid"],
        redirect_uri=query["redirect_uri"],
        scope=scope,
        state=query.get("state"),
        bare_refusal=True,
    )


def _problem(state: SandboxState) -> tuple[str, str] | None:
    query, settings = request.args, state.settings
    checks = (
        (query.get("appid") != settings["WECOM_CORP_ID"], "40013", "the company (appid) is unknown"),
        (query.get("agentid") != settings["WECOM_AGENT_ID"], "40056", "the application (agentid) is unknown"),
        (
            not redirect_uri_is_allowed(query.get("redirect_uri", "")),
            "50001",
            "redirect_uri is not a trusted address of the application",
        ),
        (not re.fullmatch(r"[a-zA-Z0-9]{0,128}", query.get("state", "")), "40058", "state has other letters"),
    )
    return next(((code, text) for wrong, code, text in checks if wrong), None)


def _link_problem() -> tuple[str, str] | None:
    query = request.args
    if query.get("response_type") != "code":
        return "40058", "response_type must be code"
    if query.get("scope") not in (BASE_SCOPE, PRIVATE_SCOPE):
        return "40058", "scope is unknown"
    return None if list(query) == PARAMETER_ORDER else ("40058", "the order of the parameters matters")


def _who(state: SandboxState, code: Issued) -> dict[str, Any]:
    grant = code.grant
    if OUTSIDER in grant.switches:
        return {
            "openid": people.outsider_open_id(grant.person, grant.client_id),
            "external_userid": "wmSandbox",
        }
    member = {"userid": people.user_id(grant.person)}
    if grant.scope != PRIVATE_SCOPE:
        return member
    ticket = state.issue_access_token(grant, random_text(100), grant.scope)
    return {**member, "user_ticket": ticket.value}
