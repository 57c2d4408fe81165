"""Simulated Alipay: the login page, and the gateway with `alipay.system.oauth.token`, `alipay.user.info.share` and `alipay.trade.query`.

Protocol: Alipay's SDKs and the table of gateway codes (read 2026-11-27). Every request is signed with the application's key and every
answer with Alipay's. A code comes back as `auth_code`; errors have status 200.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.people import Person
from sandbox.platforms.alipay import people, signer
from sandbox.state import Grant, Issued, SandboxState, current_state, random_text

blueprint = Blueprint("alipay", __name__, url_prefix="/alipay")
controls = Blueprint("alipay_controls", __name__, url_prefix="/_sandbox")

ORDERS = "alipay.orders"

LIFETIMES = {"code": 180, "access_token": 1_296_000, "refresh_token": 2_592_000}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (
        200,
        {
            "alipay_user_info_share_response": {
                "code": "20001",
                "msg": "Insufficient Token Permissions",
                "sub_code": "aop.auth-token-time-out",
            }
        },
    )
}
SWITCHES = ("alipay_user_id", "alipay_other_key")
"""An older application, which gets user_id; answers signed with a key that is not Alipay's."""

SCOPES = ("auth_user", "auth_base")
ERRORS = {
    "isv.invalid-app-id": ("40002", "Invalid Arguments"),
    "isv.invalid-signature": ("40002", "Invalid Arguments"),
    "isv.invalid-method": ("40002", "Invalid Arguments"),
    "isv.code-invalid": ("40002", "Invalid Arguments"),
    "isv.refresh-token-invalid": ("40002", "Invalid Arguments"),
    "aop.invalid-auth-token": ("20001", "Insufficient Token Permissions"),
    "aop.auth-token-time-out": ("20001", "Insufficient Token Permissions"),
    "isv.insufficient-isv-permissions": ("40006", "Insufficient Permissions"),
    "ACQ.TRADE_NOT_EXIST": ("40004", "Business Failed"),
}


class Refused(Exception):
    """Carries the detailed code of a refused call to its one handler."""

    def __init__(self, sub_code: str) -> None:
        """Remembers the code."""
        super().__init__(sub_code)
        self.sub_code = sub_code


@blueprint.get("/oauth2/publicAppAuthorize.htm")
def authorize() -> AnyResponse:
    """Checks an authorize request and asks a person."""
    settings, query = current_state().settings, request.args
    if query.get("app_id") != settings["ALIPAY_APP_ID"]:
        return problem_page("app_id", "INVALID_APP_ID", "The application does not exist.")
    if query.get("scope") not in SCOPES:
        return problem_page("scope", "INVALID_SCOPE", "scope must be auth_user or auth_base.")
    if not redirect_uri_is_allowed(query.get("redirect_uri", "")):
        return problem_page(
            "redirect_uri", "REDIRECT_URI_ERROR", "The return address is not the registered one."
        )
    return ask(
        AuthorizeRequest(
            platform="alipay",
            client_id=settings["ALIPAY_APP_ID"],
            redirect_uri=query["redirect_uri"],
            scope=query["scope"],
            state=query.get("state"),
            code_parameter="auth_code",
        )
    )


@blueprint.route("/gateway.do", methods=["GET", "POST"])
def gateway() -> Response:
    """Answers every method of the gateway: checks the signature first."""
    state, fields = current_state(), request.values.to_dict()
    name = "error_response"
    try:
        _check_caller(state, fields)
        method = METHODS.get(fields.get("method", ""))
        if method is None:
            raise Refused("isv.invalid-method")
        with state.lock:
            content = method(state, fields)
        name = f"{fields['method'].replace('.', '_')}_response"
    except Refused as refused:
        code, message = ERRORS[refused.sub_code]
        content = {"code": code, "msg": message, "sub_code": refused.sub_code}
    return _signed(state, name, content)


def _check_caller(state: SandboxState, fields: Mapping[str, str]) -> None:
    if fields.get("app_id") != state.settings["ALIPAY_APP_ID"]:
        raise Refused("isv.invalid-app-id")
    if not signer.request_is_signed(fields, state.settings["ALIPAY_APP_PRIVATE_KEY"]):
        raise Refused("isv.invalid-signature")


def _token(state: SandboxState, fields: Mapping[str, str]) -> dict[str, Any]:
    if fields.get("grant_type") == "refresh_token":
        found = _living(state, state.refresh_tokens, fields.get("refresh_token"), "isv.refresh-token-invalid")
    else:
        found = _living(state, state.codes, fields.get("code"), "isv.code-invalid")
    found.used = True
    return _tokens(state, found.grant)


def _living(state: SandboxState, shelf: Mapping[str, Issued], value: str | None, refusal: str) -> Issued:
    found = shelf.get(value or "")
    if (
        found is None
        or found.grant.platform != "alipay"
        or found.used
        or found.revoked
        or not state.is_alive(found)
    ):
        raise Refused(refusal)
    return found


def _order(state: SandboxState, fields: Mapping[str, str]) -> dict[str, Any]:
    number = json.loads(fields.get("biz_content", "{}")).get("out_trade_no")
    found = state.shelf(ORDERS).get(number)
    if found is None:
        raise Refused("ACQ.TRADE_NOT_EXIST")
    return {"code": "10000", "msg": "Success"} | dict(found)


@controls.post("/alipay/orders")
def make_order() -> Response:
    """Makes an order of which no notification is sent: `{"out_trade_no":"o1","trade_status":"TRADE_SUCCESS"}`."""
    wanted = request.get_json()
    number = str(wanted["out_trade_no"])
    made = {
        "out_trade_no": number,
        "trade_no": f"2026112022001{number:0>15.15}",
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "1.00",
        "send_pay_date": "2026-11-20 20:00:00",
    }
    current_state().shelf(ORDERS)[number] = made | wanted
    return jsonify(made | wanted)


def _tokens(state: SandboxState, grant: Grant) -> dict[str, Any]:
    access = state.issue_access_token(grant, "authbse" + random_text(33), grant.scope)
    refresh = state.issue_refresh_token(grant, "authbse" + random_text(33), grant.scope)
    return {
        "access_token": access.value,
        "expires_in": state.lifetimes["alipay.access_token"],
        "refresh_token": refresh.value,
        "re_expires_in": state.lifetimes["alipay.refresh_token"],
        **_ids(state, grant.person),
    }


def _profile(state: SandboxState, fields: Mapping[str, str]) -> dict[str, Any]:
    found = state.access_tokens.get(fields.get("auth_token", ""))
    if found is None or found.grant.platform != "alipay" or found.revoked:
        raise Refused("aop.invalid-auth-token")
    if not state.is_alive(found):
        raise Refused("aop.auth-token-time-out")
    if found.scope != "auth_user":
        raise Refused("isv.insufficient-isv-permissions")
    person = found.grant.person
    picture = f"{state.settings.sandbox_url}/people/{person.key}.svg"
    shown = {"nick_name": person.name_zh, "avatar": picture, "province": "广东省", "city": "深圳市"}
    return {"code": "10000", "msg": "Success", **shown, **_ids(state, person)}


METHODS: Mapping[str, Callable[[SandboxState, Mapping[str, str]], dict[str, Any]]] = {
    "alipay.system.oauth.token": _token,
    "alipay.user.info.share": _profile,
    "alipay.trade.query": _order,
}


def _ids(state: SandboxState, person: Person) -> dict[str, str]:
    if state.switches.get("alipay_user_id"):
        return {"user_id": people.user_id(person)}
    return {"open_id": people.open_id(person, state.settings["ALIPAY_APP_ID"])}


def _signed(state: SandboxState, name: str, content: Mapping[str, Any]) -> Response:
    # Slashes are escaped, as the real gateway does it: the signature covers the text, not what it means.
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    key = "ALIPAY_APP_PRIVATE_KEY" if state.switches.get("alipay_other_key") else "ALIPAY_PRIVATE_KEY"
    body = signer.answer(name, text, state.settings[key])
    return Response(body.encode(), content_type="text/html;charset=utf-8")
