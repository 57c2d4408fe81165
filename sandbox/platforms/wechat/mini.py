"""Simulated WeChat Mini Program: codes from a phone, their exchange for a session, sealed user data, phone numbers.

Protocol: developers.weixin.qq.com, "code2Session", "getPhoneNumber" and the page on decrypting user data (read 2026-11-20). Adds its route to the blueprint of
`api`; codes come from a route under `/_sandbox/`, as no Mini Program runs here.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Blueprint, Response, jsonify, request

from sandbox.people import PEOPLE, Person, find_person
from sandbox.platforms.wechat import people
from sandbox.platforms.wechat.account import account_error, account_json, shelf_of, token_problem
from sandbox.platforms.wechat.api import blueprint, client_problem, sns_error, sns_json
from sandbox.state import Grant, SandboxState, current_state, random_text

controls = Blueprint("wechat_controls", __name__, url_prefix="/_sandbox")

SESSION_KEYS, PHONE_CODES = "wechat.session_keys", "wechat.phone_codes"
PHONE_NUMBER = "13900000000"


def new_js_code(state: SandboxState, person: Person) -> str:
    """Returns what `wx.login` would give on this person's phone."""
    grant = Grant("wechat", state.settings["WECHAT_MINI_APP_ID"], person, "", "mini", state.now())
    return state.issue_code(grant, random_text(32)).value


@controls.post("/js_code")
def js_code() -> Response:
    """Gives a login code of a person: `{"person":"maya"}`."""
    person = find_person(str(request.get_json().get("person", ""))) or PEOPLE[0]
    return jsonify({"js_code": new_js_code(current_state(), person)})


@controls.post("/user_data")
def user_data() -> Response:
    """Gives what `wx.getUserInfo` would: data sealed with the session of the person's last login."""
    state = current_state()
    person = find_person(str(request.get_json().get("person", ""))) or PEOPLE[0]
    app_id = state.settings["WECHAT_MINI_APP_ID"]
    content = {
        "openId": people.open_id(person, app_id),
        "nickName": person.name_zh,
        "unionId": people.union_id(person),
        "watermark": {"timestamp": int(state.now()), "appid": app_id},
    }
    return jsonify(sealed_data(json.dumps(content).encode(), state.shelf(SESSION_KEYS)[person.key]))


@controls.post("/phone_code")
def phone_code() -> Response:
    """Gives what the phone number button would."""
    code = random_text(64)
    current_state().shelf(PHONE_CODES)[code] = PHONE_NUMBER
    return jsonify({"code": code})


def sealed_data(content: bytes, session_key: str) -> dict[str, str]:
    """Encrypts with AES-128-CBC and ordinary padding; the messages of this platform are padded otherwise."""
    iv, padder = secrets.token_bytes(16), padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(b64decode(session_key)), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    return {"encryptedData": b64encode(sealed).decode(), "iv": b64encode(iv).decode()}


@blueprint.post("/wxa/business/getuserphonenumber")
def getuserphonenumber() -> Response:
    """Trades a code of the phone number button, once."""
    state = current_state()
    app_id = state.settings["WECHAT_MINI_APP_ID"]
    if (problem := token_problem(state, (shelf_of(state, app_id),))) is not None:
        return account_error(problem)
    body = request.get_json(force=True, silent=True)
    code = str(body.get("code", "")) if isinstance(body, dict) else ""
    with state.lock:
        number = state.shelf(PHONE_CODES).pop(code, None)
    if number is None:
        return account_error(40029)
    watermark = {"timestamp": int(state.now()), "appid": app_id}
    info = {"phoneNumber": number, "purePhoneNumber": number, "countryCode": "86", "watermark": watermark}
    return account_json({"errcode": 0, "errmsg": "ok", "phone_info": info})


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
        session_key = b64encode(secrets.token_bytes(16)).decode()
        state.shelf(SESSION_KEYS)[code.grant.person.key] = session_key
    return sns_json(
        {
            "session_key": session_key,
            "openid": people.open_id(code.grant.person, settings["WECHAT_MINI_APP_ID"]),
            "unionid": people.union_id(code.grant.person),
        }
    )
