"""Simulated inside of the DingTalk app: the script that hands out a code without a page (免登), and the older API that names members.

Protocol: `dd.runtime.permission.requestAuthCode`, `topapi/v2/user/getuserinfo`, `topapi/user/getbyunionid` as public repositories use them (read
2026-11-28). The older API answers 200, with a number in `errcode`. A code lives for five minutes and works once.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

from sandbox.consent import PHONE_OWNER_COOKIE
from sandbox.people import PEOPLE, Person, find_person
from sandbox.platforms.dingtalk import people
from sandbox.platforms.dingtalk.api import CORP_ID, IN_APP, blueprint
from sandbox.state import Grant, SandboxState, current_state, random_text

NO_MEMBER = "dingtalk_no_member"
SWITCHES = (NO_MEMBER,)
"""The person is nobody of this company."""

SCRIPT = """// The simulated script of the DingTalk app; works only where the browser calls itself DingTalk.
(() => {
  const code = %(code)s;
  const corpId = %(corp_id)s;
  const isInApp = navigator.userAgent.includes("DingTalk");
  window.dd = {
    ready: (callback) => { if (isInApp) setTimeout(callback, 0); },
    error: () => {},
    runtime: { permission: { requestAuthCode: (wanted) => {
      const isOurs = wanted.corpId === corpId;
      setTimeout(() => isOurs ? wanted.onSuccess({ code }) : wanted.onFail({ errorCode: 3 }), 0);
    } } },
  };
})();
"""


@blueprint.get("/jsapi/dingtalk.open.js")
def script() -> Response:
    """Returns the script, with a code for whoever owns this phone."""
    state = current_state()
    person = state.auto_answer() or find_person(request.cookies.get(PHONE_OWNER_COOKIE, "")) or PEOPLE[0]
    code = in_app_code(state, person)
    text = SCRIPT % {"code": json.dumps(code), "corp_id": json.dumps(CORP_ID)}
    response = Response(text, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/topapi/v2/user/getuserinfo")
def member_by_code() -> Response:
    """Names the member a code was handed out to."""
    state = current_state()
    if not has_app_token(state):
        return refused_by_number(40014, "不合法的access_token")
    with state.lock:
        found = state.codes.get(_field("code"))
        is_ours = found is not None and found.grant.platform == "dingtalk" and found.scope == IN_APP
        if found is None or not is_ours or found.used or not state.is_alive(found):
            return refused_by_number(40078, "不存在的临时授权码")
        found.used = True
    person = found.grant.person
    return _result(
        {
            "userid": people.user_id(person),
            "unionid": people.union_id(person),
            "associated_unionid": "",
            "name": person.name_zh,
            "sys": False,
            "sys_level": 0,
        }
    )


@blueprint.post("/topapi/user/getbyunionid")
def member_by_union_id() -> Response:
    """Names the member behind a person."""
    state = current_state()
    if not has_app_token(state):
        return refused_by_number(40014, "不合法的access_token")
    wanted = _field("unionid")
    found = next((person for person in PEOPLE if people.union_id(person) == wanted), None)
    if found is None or state.switches[NO_MEMBER]:
        return refused_by_number(60121, "找不到该用户")
    return _result({"contact_type": 0, "userid": people.user_id(found)})


def in_app_code(state: SandboxState, person: Person) -> str:
    """Hands out a code as the script does."""
    grant = Grant(
        platform="dingtalk",
        client_id=state.settings["DINGTALK_APP_KEY"],
        person=person,
        redirect_uri="",
        scope=IN_APP,
        granted_at=state.now(),
    )
    return state.issue_code(grant, random_text(32)).value


def has_app_token(state: SandboxState) -> bool:
    """Tells whether a call to the older API carries a living token of the application."""
    given = request.args.get("access_token", "")
    kept = state.app_tokens.get("dingtalk", [])
    return any(token.value == given and state.is_alive(token) for token in kept)


def refused_by_number(number: int, message: str) -> Response:
    """Refuses a call as the older API does: status 200 and a number."""
    return _json({"errcode": number, "errmsg": message, "request_id": "sandbox"})


def _field(name: str) -> str:
    body = request.get_json(silent=True)
    return str(body.get(name, "")) if isinstance(body, dict) else ""


def _result(result: dict[str, Any]) -> Response:
    return _json({"errcode": 0, "errmsg": "ok", "result": result, "request_id": "sandbox"})


def _json(value: dict[str, Any]) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), content_type="application/json; charset=utf-8")
