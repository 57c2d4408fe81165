"""Simulated WeChat official account API (`cgi-bin`): app tokens, QR codes, followers.

Protocol: developers.weixin.qq.com, "getStableAccessToken" and "Generate a QR code with parameters" (read 2026-11-20). It
adds its routes to the blueprint of `api`; what a scan causes is in `chat`, outgoing messages are in `messages`.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from base64 import b64encode
from typing import Any

import segno
from flask import Response, request

from sandbox.platforms.wechat import people
from sandbox.platforms.wechat.api import MESSAGES, blueprint
from sandbox.platforms.wechat.chat import NAME
from sandbox.state import AppToken, QrTicket, SandboxState, current_state, random_text

RENEWED_BELOW = 300
DEFAULT_QR_SECONDS = 60
LONGEST_QR_SECONDS = 2_592_000

ACCOUNT_MESSAGES = {
    **MESSAGES,
    40008: "invalid message type",
    40014: "invalid access_token",
    40037: "invalid template_id",
    40053: "invalid action info",
    41001: "access_token missing",
    41030: "invalid page",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44004: "empty content",
    45002: "content size out of limit",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    40004: "invalid media type",
    41005: "media data missing",
    44001: "empty media data",
    45001: "media size out of limit",
    47001: "data format error",
    47003: "argument invalid!",
}


@blueprint.route("/cgi-bin/stable_token", methods=["GET", "POST"])
def stable_token() -> Response:
    """Hands out the account's token: the same one again, unless a new one is forced."""
    state = current_state()
    if request.method != "POST":
        return account_error(43002)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return account_error(47001)
    problem = _credential_problem(state, body)
    if problem is not None:
        return account_error(problem)
    with state.lock:
        kept = state.app_tokens.setdefault(shelf_of(state, str(body["appid"])), [])
        if body.get("force_refresh") is True:
            for token in kept:
                token.revoked = True
        living = [token for token in kept if state.is_alive(token)]
        if not living or living[-1].expires_at - state.now() <= RENEWED_BELOW:
            living = [_new_app_token(state, kept)]
        return _app_token_answer(state, living[-1])


@blueprint.get("/cgi-bin/token", endpoint="classic_token")
def classic_token() -> Response:
    """Hands out a new token each time; the one before lives five more minutes at most."""
    state = current_state()
    problem = _credential_problem(state, request.args.to_dict())
    if problem is not None:
        return account_error(problem)
    with state.lock:
        kept = state.app_tokens.setdefault("wechat.classic", [])
        for token in kept[:-1]:
            token.revoked = True
        for token in kept[-1:]:
            token.expires_at = min(token.expires_at, state.now() + 300)
        return _app_token_answer(state, _new_app_token(state, kept))


@blueprint.post("/cgi-bin/qrcode/create")
def qrcode_create() -> Response:
    """Makes a QR ticket for a scene."""
    state = current_state()
    problem = token_problem(state)
    if problem is not None:
        return account_error(problem)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return account_error(47001)
    try:
        scene = _scene(body)
        seconds = int(body.get("expire_seconds", DEFAULT_QR_SECONDS))
    except (TypeError, ValueError):
        return account_error(40053)
    if str(body["action_name"]).startswith("QR_LIMIT"):
        seconds = LONGEST_QR_SECONDS
    ticket = _new_ticket(state, scene, min(max(seconds, 1), LONGEST_QR_SECONDS))
    return account_json({"ticket": ticket.ticket, "expire_seconds": seconds, "url": ticket.url})


@blueprint.get("/cgi-bin/showqrcode")
def showqrcode() -> Response:
    """Draws the QR code of a ticket; its content is the address of the simulated phone."""
    ticket = current_state().tickets.get(request.args.get("ticket", ""))
    if ticket is None:
        return Response(status=404)
    picture = io.BytesIO()
    segno.make(ticket.url, error="m").save(picture, kind="png", scale=8, border=4)
    return Response(picture.getvalue(), mimetype="image/png")


@blueprint.get("/cgi-bin/user/info")
def user_info() -> Response:
    """Tells whether somebody follows the account, and since when."""
    state = current_state()
    problem = token_problem(state)
    if problem is not None:
        return account_error(problem)
    open_id = request.args.get("openid", "")
    person = people.find_by_open_id(open_id, state.settings["WECHAT_APP_ID"])
    if person is None:
        return account_error(40003)
    since = state.followers(NAME).get(person.key)
    if since is None:
        return account_json({"subscribe": 0, "openid": open_id, "unionid": people.union_id(person)})
    scene = state.scanned(NAME).get(person.key, "")
    return account_json(
        {
            "subscribe": 1,
            "openid": open_id,
            "language": "zh_CN",
            "subscribe_time": int(since),
            "unionid": people.union_id(person),
            "remark": "",
            "groupid": 0,
            "tagid_list": [],
            "subscribe_scene": "ADD_SCENE_QR_CODE" if scene else "ADD_SCENE_SEARCH",
            "qr_scene": 0,
            "qr_scene_str": scene,
        }
    )


def account_error(code: int, detail: str = "") -> Response:
    """Answers with an errcode the way `cgi-bin` does; some errors have details instead of their usual words."""
    message = detail or ACCOUNT_MESSAGES[code]
    return account_json({"errcode": code, "errmsg": f"{message} rid: {random_text(8)}" if code else message})


def account_json(value: dict[str, Any]) -> Response:
    """Answers JSON as `cgi-bin` does."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), content_type="application/json; encoding=utf-8")


def _credential_problem(state: SandboxState, fields: dict[str, Any]) -> int | None:
    if fields.get("grant_type") != "client_credential":
        return 40002
    if not fields.get("appid"):
        return 41002
    own = state.settings
    secrets_by_id = {
        own["WECHAT_APP_ID"]: own["WECHAT_APP_SECRET"],
        own["WECHAT_MINI_APP_ID"]: own["WECHAT_MINI_APP_SECRET"],
    }
    if fields["appid"] not in secrets_by_id:
        return 40013
    if not fields.get("secret"):
        return 41004
    return None if fields["secret"] == secrets_by_id[fields["appid"]] else 40125


def shelf_of(state: SandboxState, app_id: str) -> str:
    """Returns where an application's tokens are kept: no other application's token is taken for its calls."""
    return "wechat.stable" if app_id == state.settings["WECHAT_APP_ID"] else f"wechat.stable.{app_id}"


def token_problem(
    state: SandboxState, shelves: tuple[str, ...] = ("wechat.stable", "wechat.classic")
) -> int | None:
    """Returns the errcode of a call whose token is none of these."""
    value = request.args.get("access_token", "")
    if not value:
        return 41001
    with state.lock:
        kept = [token for shelf in shelves for token in state.app_tokens.get(shelf, [])]
    found = next((token for token in kept if token.value == value), None)
    if found is None or found.revoked:
        return 40001
    return None if state.is_alive(found) else 42001


def _new_app_token(state: SandboxState, kept: list[AppToken]) -> AppToken:
    lifetime = state.lifetimes["wechat.app_token"]
    kept.append(AppToken(f"{len(kept) + 80}_{random_text(130)}", state.now() + lifetime))
    return kept[-1]


def _app_token_answer(state: SandboxState, token: AppToken) -> Response:
    return account_json(
        {"access_token": token.value, "expires_in": int(token.expires_at - state.now() + 0.5)}
    )


def _scene(body: dict[str, Any]) -> str:
    action = body.get("action_name")
    # Leaving out the "scene" level is accepted by WeChat and silently becomes scene 0.
    scene = (body.get("action_info") or {}).get("scene") or {}
    if action in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
        text = str(scene.get("scene_str", "0"))
        if not re.fullmatch(r".{1,64}", text):
            raise ValueError("a scene has 1 to 64 characters")
        return text
    if action in ("QR_SCENE", "QR_LIMIT_SCENE"):
        return str(int(scene.get("scene_id", 0)))
    raise ValueError("unknown action")


def _new_ticket(state: SandboxState, scene: str, seconds: int) -> QrTicket:
    # Real tickets are Base64 and may hold characters that must be escaped in an address.
    value = "gQ" + b64encode(secrets.token_bytes(70)).decode()
    short = random_text(12)
    url = f"{state.settings.sandbox_url}/phone/scan/{short}"
    ticket = QrTicket(NAME, value, short, scene, url, state.now() + seconds)
    with state.lock:
        state.tickets[value] = ticket
    return ticket
