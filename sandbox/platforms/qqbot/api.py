"""Simulated QQ bot API: the bot's token, and replies to people and in groups.

Protocol: tencent-connect/bot-docs, "Calling interfaces", "Sending messages" and "Error codes" (read 2026-11-28). A message that is
answered counts as received when it is first answered, so that whatever was fired can be answered.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from flask import Blueprint, Response, request

from sandbox.inbox import Delivered
from sandbox.people import PEOPLE, Person
from sandbox.state import AppToken, SandboxState, current_state, random_text

blueprint = Blueprint("qqbot", __name__, url_prefix="/qqbot")

LIFETIMES = {"app_token": 7200}
EXPIRED_ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "*": (401, {"code": 11243, "message": "check token fail"})
}
RENEWED_BELOW = 60
GROUP = "C9F778FE6ADF9D1D1DBE395BF744A33A"
MESSAGE_IDS = ("ROBOT1.0_", "EVENT1.0_")
MOST_REPLIES = 5
WINDOWS = {"user": 3600, "group": 300}
BEIJING = timezone(timedelta(hours=8))
OBJECTS = {2: "markdown", 3: "ark", 4: "embed", 7: "media"}

WORDS = {
    10001: "unknown account",
    11241: "token is missing",
    11243: "check token fail",
    12002: "request invalid",
    22009: "msg limit exceed",
    304022: "push message is not allowed",
    304026: "reply msg_id is invalid",
    304027: "reply message expired",
    40054005: "message is deduplicated, check msg_seq",
    50006: "cannot send empty message",
    50056: "markdown content is not allowed",
}


def open_id(person: Person) -> str:
    """Returns what the bot knows a person by."""
    return hashlib.md5(f"qqbot/{person.key}".encode(), usedforsecurity=False).hexdigest().upper()


@blueprint.post("/app/getAppAccessToken")
def token() -> Response:
    """Hands out the bot's token, the same one until its last minute; the lifetime is a text."""
    state, body = current_state(), _body()
    own = state.settings
    if (body.get("appId"), body.get("clientSecret")) != (own["QQBOT_APP_ID"], own["QQBOT_SECRET"]):
        return _answer({"code": 100007, "message": "appid or secret invalid"}, 400)
    with state.lock:
        kept = state.app_tokens.setdefault("qqbot", [])
        if not kept or kept[-1].revoked or kept[-1].expires_at - state.now() <= RENEWED_BELOW:
            kept.append(AppToken(random_text(40), state.now() + state.lifetimes["qqbot.app_token"]))
        left = int(kept[-1].expires_at - state.now() + 0.5)
        return _answer({"access_token": kept[-1].value, "expires_in": str(left)})


@blueprint.post("/v2/users/<openid>/messages")
def person(openid: str) -> Response:
    """Takes a reply to a person."""
    found = next((each for each in PEOPLE if open_id(each) == openid), None)
    if found is None:
        return _error(10001)
    return _reply("user", openid, f"user:{found.key}", f"{found.name_zh} · {found.name_en}")


@blueprint.post("/v2/groups/<openid>/messages")
def group(openid: str) -> Response:
    """Takes a reply in the one group."""
    return (
        _reply("group", openid, f"group:{openid}", "QQ 群 · QQ group") if openid == GROUP else _error(10001)
    )


def _reply(kind: str, openid: str, conversation: str, title: str) -> Response:
    state, body = current_state(), _body()
    with state.lock:
        code = _token_problem(state) or _content_problem(body) or _window_problem(state, kind, openid, body)
    if code:
        return _error(code, 401 if code in (11241, 11243) else 400)
    text = str(body.get("content") or f"[{OBJECTS.get(body['msg_type'], 'text')}]")
    message_id = f"ROBOT1.0_{random_text(40)}"
    state.inbox.keep(
        Delivered(
            platform="qqbot",
            conversation=conversation,
            conversation_title=title,
            kind=OBJECTS.get(body["msg_type"], "text"),
            text=text,
            raw=body,
            at=state.now(),
            id=message_id,
        )
    )
    return _answer(
        {
            "id": message_id,
            "timestamp": datetime.fromtimestamp(state.now(), BEIJING).isoformat("T", "seconds"),
        }
    )


def _token_problem(state: SandboxState) -> int | None:
    header = request.headers.get("Authorization", "")
    if not header.startswith("QQBot "):
        return 11241
    value = header.removeprefix("QQBot ")
    known = any(each.value == value and state.is_alive(each) for each in state.app_tokens.get("qqbot", []))
    return None if known else 11243


def _content_problem(body: dict[str, Any]) -> int | None:
    kind = body.get("msg_type")
    if kind == 0:
        return None if body.get("content") else 50006
    if kind == 2:
        return 50056
    return (
        None
        if kind in OBJECTS
        and isinstance(body.get(OBJECTS[kind]), dict)
        and (kind != 7 or body.get("content"))
        else 12002
    )


def _window_problem(state: SandboxState, kind: str, openid: str, body: dict[str, Any]) -> int | None:
    """Counts a reply, or says why it comes too late, too often or again."""
    answered = str(body.get("msg_id") or body.get("event_id") or "")
    if not answered:
        return 304022
    if not answered.startswith(MESSAGE_IDS):
        return 304026
    seen = state.shelf("qqbot.answered").setdefault(
        answered, {"openid": openid, "at": state.now(), "numbers": []}
    )
    number = body.get("msg_seq", 1)
    if seen["openid"] != openid:
        return 304026
    if state.now() - seen["at"] > WINDOWS[kind]:
        return 304027
    if number in seen["numbers"]:
        return 40054005
    if len(seen["numbers"]) >= MOST_REPLIES:
        return 22009
    seen["numbers"].append(number)
    return None


def _body() -> dict[str, Any]:
    found = request.get_json(force=True, silent=True)
    return found if isinstance(found, dict) else {}


def _error(code: int, status: int = 400) -> Response:
    return _answer({"code": code, "message": WORDS[code], "trace_id": random_text(32)}, status)


def _answer(value: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(value, ensure_ascii=False)
    return Response(text.encode(), status=status, content_type="application/json")
