"""Simulated WeChat Mini Program login: codes from a phone, and their exchange for a session.

Protocol: developers.weixin.qq.com, "code2Session" (read 2026-11-20). Adds its route to the blueprint of
`api`; codes come from a route under `/_sandbox/`, as no Mini Program runs here.
"""

from __future__ import annotations

import secrets
from base64 import b64encode

from flask import Blueprint, Response, jsonify, request

from sandbox.people import PEOPLE, Person, find_person
from sandbox.platforms.wechat import people
from sandbox.platforms.wechat.api import blueprint, client_problem, sns_error, sns_json
from sandbox.state import Grant, SandboxState, current_state, random_text

controls = Blueprint("wechat_controls", __name__, url_prefix="/_sandbox")


def new_js_code(state: SandboxState, person: Person) -> str:
    """Returns what `wx.login` would give on this person's phone."""
    grant = Grant("wechat", state.settings["WECHAT_MINI_APP_ID"], person, "", "mini", state.now())
    return state.issue_code(grant, random_text(32)).value


@controls.post("/js_code")
def js_code() -> Response:
    """Gives a login code of a person: `{"person":"maya"}`."""
    person = find_person(str(request.get_json().get("person", ""))) or PEOPLE[0]
    return jsonify({"js_code": new_js_code(current_state(), person)})


@blueprint.get("/sns/jscode2session")
def jscode2session() -> Response:
    """Exchanges a Mini Program code for OpenID and session key, once."""
    state = current_state()
    settings = state.settings
    problem = client_problem({settings["WECHAT_MINI_APP_ID"]: settings["WECHAT_MINI_APP_SECRET"]})
    if problem is not None:
        return sns_error(problem)
    if request.args.get("grant_type") != "authorization_code":
        return sns_error(40002)
    with state.lock:
        code = state.codes.get(request.args.get("js_code", ""))
        if code is None or code.grant.scope != "mini" or not state.is_alive(code):
            return sns_error(40029)
        if code.used:
            return sns_error(40163)
        code.used = True
    return sns_json(
        {
            "session_key": b64encode(secrets.token_bytes(16)).decode(),
            "openid": people.open_id(code.grant.person, settings["WECHAT_MINI_APP_ID"]),
            "unionid": people.union_id(code.grant.person),
        }
    )
