"""Simulated WeChat Mini Program login: codes from a phone, and their exchange for a session.

Protocol: developers.weixin.qq.com, "code2Session" (read 2026-11-20). Adds its route to the blueprint of
`wechat`; codes come from the control API, as no Mini Program runs here.
"""

from __future__ import annotations

import secrets
from base64 import b64encode

from flask import Response, request

from sandbox.people import Person
from sandbox.state import Grant, SandboxState, current_state, random_text
from sandbox.wechat import blueprint, client_problem, sns_error, sns_json


def new_js_code(state: SandboxState, person: Person) -> str:
    """Returns what `wx.login` would give on this person's phone."""
    grant = Grant("wechat", state.settings.wechat_mini_app_id, person, "", "mini", state.now())
    return state.issue_code(grant, random_text(32)).value


@blueprint.get("/sns/jscode2session")
def jscode2session() -> Response:
    """Exchanges a Mini Program code for OpenID and session key, once."""
    state = current_state()
    settings = state.settings
    problem = client_problem({settings.wechat_mini_app_id: settings.wechat_mini_app_secret})
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
            "openid": code.grant.person.wechat_open_id(settings.wechat_mini_app_id),
            "unionid": code.grant.person.wechat_union_id,
        }
    )
