"""Simulated login inside WeChat with an authorised account: the page, its code, and who it belongs to.

Protocol: developers.weixin.qq.com, Open Platform, login on behalf of an Official Account (read 2026-11-28). The page answers
at once, as with `snsapi_base`; whose phone it is can be chosen.
"""

from __future__ import annotations

import re

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import tencent_messages
from sandbox.consent import (
    PHONE_OWNER_COOKIE,
    AuthorizeRequest,
    decide,
    problem_page,
    redirect_uri_is_allowed,
)
from sandbox.people import PEOPLE, find_person
from sandbox.platforms.wechat_component.api import answer, answer_error, blueprint, own_problem
from sandbox.platforms.wechat_component.authorisations import is_authorised
from sandbox.state import Grant, SandboxState, current_state, random_text

PARAMETER_ORDER = ["appid", "redirect_uri", "response_type", "scope", "state", "component_appid"]
SCOPES = ("snsapi_base", "snsapi_userinfo")


@blueprint.get("/connect/oauth2/authorize", endpoint="login")
def authorize() -> AnyResponse:
    """Checks a link and lets the phone's owner in."""
    state, query = current_state(), request.args
    if (problem := _problem(state)) is not None:
        return problem_page("WeChat", *problem)
    wanted = AuthorizeRequest(
        platform="wechat_component",
        client_id=query["appid"],
        redirect_uri=query["redirect_uri"],
        scope=query["scope"],
        state=query.get("state"),
    )
    owner = state.auto_answer() or find_person(request.cookies.get(PHONE_OWNER_COOKIE, "")) or PEOPLE[0]
    return decide(state, wanted, owner, allowed=True)


@blueprint.get("/sns/oauth2/component/access_token", endpoint="token")
def access_token() -> Response:
    """Redeems a login code, once, for whoever has the third-party platform's token."""
    state = current_state()
    if (problem := own_problem(state)) is not None:
        return answer_error(problem)
    with state.lock:
        code = state.codes.get(request.args.get("code", ""))
        is_good = code is not None and not code.used and state.is_alive(code) and _is_of_account(code.grant)
        if code is None or not is_good:
            return answer_error(40029)
        code.used = True
        refresh = state.issue_refresh_token(code.grant, random_text(86), code.grant.scope)
    return _tokens(state, code.grant, refresh.value)


@blueprint.get("/sns/oauth2/component/refresh_token", endpoint="refresh")
def refresh_token() -> Response:
    """Hands out the next access token of a person."""
    state = current_state()
    if (problem := own_problem(state)) is not None:
        return answer_error(problem)
    found = state.refresh_tokens.get(request.args.get("refresh_token", ""))
    if found is None or not state.is_alive(found) or not _is_of_account(found.grant):
        return answer_error(40030)
    return _tokens(state, found.grant, found.value)


@blueprint.get("/sns/userinfo", endpoint="userinfo")
def userinfo() -> Response:
    """Tells name and picture of whoever agreed to that."""
    state = current_state()
    found = state.access_tokens.get(request.args.get("access_token", ""))
    if found is None or not state.is_alive(found) or found.scope != "snsapi_userinfo":
        return answer_error(40001)
    person = found.grant.person
    picture = f"{state.settings.sandbox_url}/people/{person.key}.svg"
    return answer({"openid": open_id(found.grant), "nickname": person.name_zh, "headimgurl": picture})


def open_id(grant: Grant) -> str:
    """Returns the OpenID by which an account knows a person."""
    return tencent_messages.identifier(grant.client_id, grant.person.key)


def _tokens(state: SandboxState, grant: Grant, refresh: str) -> Response:
    access = state.issue_access_token(grant, random_text(86), grant.scope)
    return answer(
        {
            "access_token": access.value,
            "expires_in": int(access.expires_at - state.now() + 0.5),
            "refresh_token": refresh,
            "openid": open_id(grant),
            "scope": grant.scope,
        }
    )


def _is_of_account(grant: Grant) -> bool:
    return grant.platform == "wechat_component" and grant.client_id == request.args.get("appid")


def _problem(state: SandboxState) -> tuple[str, str] | None:
    query, own = request.args, state.settings["WECHAT_COMPONENT_APP_ID"]
    checks = (
        (list(query) != PARAMETER_ORDER, "10003", "the parameters are others, or in another order"),
        (query.get("component_appid") != own, "10015", "the account does not authorise this component_appid"),
        (not is_authorised(state, query.get("appid", "")), "10015", "the account authorises nobody"),
        (query.get("response_type") != "code", "10005", "response_type must be code"),
        (query.get("scope") not in SCOPES, "10005", "scope is unknown"),
        (not re.fullmatch(r"[a-zA-Z0-9]{0,128}", query.get("state", "")), "10013", "state has other letters"),
        (not redirect_uri_is_allowed(query.get("redirect_uri", "")), "10003", "redirect_uri is not allowed"),
    )
    return next(((code, text) for wrong, code, text in checks if wrong), None)
