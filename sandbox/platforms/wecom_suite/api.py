"""Simulated WeCom for a suite: its token by ticket, the page where companies authorise, and their tokens.

Protocol: developer.work.weixin.qq.com, pages 90600, 90601, 90603, 90605 and 90597 (read 2026-11-28). Every logical error is
HTTP 200 with an errcode.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import problem_page, redirect_uri_is_allowed
from sandbox.platforms.wecom_suite import companies
from sandbox.state import AppToken, SandboxState, current_state, random_text
from sandbox.tencent_answers import answer, refused

blueprint = Blueprint("wecom_suite", __name__, url_prefix="/wecom_suite")

LIFETIMES = {"ticket": 1800, "app_token": 7200, "pre_auth_code": 1200, "code": 600, "access_token": 7200}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (200, {"errcode": 42009, "errmsg": "suite_access_token expired, hint: [sandbox]"})
}
MESSAGES: dict[int, str] = {
    40001: "invalid credential",
    40078: "invalid auth_code",
    40082: "invalid suite_acccess_token or provider_access_token",
    40083: "invalid suite_id",
    40084: "invalid permanent_code",
    40085: "invalid suite ticket",
    42009: "suite_access_token expired",
}
CUSTOMISED = "wecom_suite_customised"
"""The suite is a template of customised applications: codes bring no access token, and gettoken gives it."""

OWN, PRE = "wecom_suite", "wecom_suite.pre_auth_codes"


@blueprint.post("/cgi-bin/service/get_suite_token", endpoint="app_token")
def get_suite_token() -> Response:
    """Hands out the suite's own token for a ticket that is good: the same one again while it lives."""
    state, body = current_state(), _body()
    if body.get("suite_id") != state.settings["WECOM_SUITE_ID"]:
        return answer_error(40083)
    if body.get("suite_secret") != state.settings["WECOM_SUITE_SECRET"]:
        return answer_error(40001)
    if not _is_good(state, companies.TICKETS, str(body.get("suite_ticket"))):
        return answer_error(40085)
    with state.lock:
        living = [token for token in state.app_tokens.get(OWN, []) if state.is_alive(token)]
    token = living[-1] if living else _issue(state, OWN, random_text(120), "app_token")
    seconds = int(token.expires_at - state.now() + 0.5)
    return answer({"suite_access_token": token.value, "expires_in": seconds})


@blueprint.get("/cgi-bin/service/get_pre_auth_code", endpoint="pre_auth_code")
def get_pre_auth_code() -> Response:
    """Hands out a code for the page where companies authorise."""
    state = current_state()
    if (problem := _own_problem(state)) is not None:
        return answer_error(problem)
    code = _issue(state, PRE, random_text(64), "pre_auth_code")
    return answer({"pre_auth_code": code.value, "expires_in": state.lifetimes["wecom_suite.pre_auth_code"]})


@blueprint.get("/3rdapp/install", endpoint="authorise")
def install() -> AnyResponse:
    """Plays the page where an administrator authorises the suite: it sends the browser back at once."""
    state, query = current_state(), request.args
    if query.get("suite_id") != state.settings["WECOM_SUITE_ID"]:
        return problem_page("WeCom", "40083", "the suite (suite_id) is unknown")
    if not _is_good(state, PRE, query.get("pre_auth_code", "")):
        return problem_page("WeCom", "40079", "the pre_auth_code is not good")
    back = query.get("redirect_uri", "")
    if not redirect_uri_is_allowed(back):
        return problem_page("WeCom", "50001", "redirect_uri is not on the suite's trusted domain")
    lifetime = state.lifetimes["wecom_suite.code"]
    more = {"auth_code": companies.new_code(state), "expires_in": lifetime, "state": query.get("state", "")}
    return redirect(f"{back}{'&' if '?' in back else '?'}{urlencode(more)}")


@blueprint.post("/cgi-bin/service/get_permanent_code", endpoint="redeem")
def get_permanent_code() -> Response:
    """Redeems an authorisation code, once."""
    state = current_state()
    if (problem := _own_problem(state)) is not None:
        return answer_error(problem)
    found = companies.spend_code(state, str(_body().get("auth_code")))
    if found is None:
        return answer_error(40078)
    company, permanent = found
    return answer(
        {
            **({} if state.switches[CUSTOMISED] else _company_token(state, company, permanent)),
            "permanent_code": permanent,
            "auth_corp_info": {"corpid": company, "corp_name": companies.TITLE},
            "auth_info": {"agent": [{"agentid": 1000007, "name": "Callgate"}]},
        }
    )


@blueprint.get("/cgi-bin/gettoken", endpoint="application_token")
def gettoken() -> Response:
    """Hands out the token of a customised application (97164): its Secret is the company's permanent code."""
    state, query = current_state(), request.args
    token = companies.company_token(state, query.get("corpid", ""), query.get("corpsecret", ""))
    if token is None or not state.switches[CUSTOMISED]:
        return answer_error(40001)
    return answer({"access_token": token.value, "expires_in": int(token.expires_at - state.now() + 0.5)})


@blueprint.post("/cgi-bin/service/get_corp_token", endpoint="account_token")
def get_corp_token() -> Response:
    """Hands out a company's access token: the same one again while it lives."""
    state, body = current_state(), _body()
    if (problem := _own_problem(state)) is not None:
        return answer_error(problem)
    token = companies.company_token(state, str(body.get("auth_corpid")), str(body.get("permanent_code")))
    if token is None or state.switches[CUSTOMISED]:
        return answer_error(40084)
    return answer({"access_token": token.value, "expires_in": int(token.expires_at - state.now() + 0.5)})


def _company_token(state: SandboxState, company: str, permanent: str) -> dict[str, Any]:
    token = companies.company_token(state, company, permanent)
    assert token is not None
    return {"access_token": token.value, "expires_in": int(token.expires_at - state.now() + 0.5)}


def answer_error(code: int) -> Response:
    """Answers with an errcode."""
    return refused(MESSAGES, code)


def _body() -> dict[str, Any]:
    found = request.get_json(force=True, silent=True)
    return found if isinstance(found, dict) else {}


def _issue(state: SandboxState, name: str, value: str, kind: str) -> AppToken:
    token = AppToken(value, state.now() + state.lifetimes[f"wecom_suite.{kind}"])
    with state.lock:
        state.app_tokens.setdefault(name, []).append(token)
    return token


def _own_problem(state: SandboxState) -> int | None:
    return None if _is_good(state, OWN, request.args.get("suite_access_token", "")) else 40082


def _is_good(state: SandboxState, name: str, value: str) -> bool:
    with state.lock:
        return any(each.value == value and state.is_alive(each) for each in state.app_tokens.get(name, []))
