"""Simulated Feishu message sending: app messages and the custom group robot.

Protocol: open.feishu.cn, "Send message", "Content of messages", "Card JSON 2.0" and "Custom bot guide" (read 2026-11-28). The
robot answers HTTP 200 for failures too. Adds its routes to the blueprint of `api`; what is drawn is in `look`.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

from flask import Response, jsonify, request

from sandbox.inbox import Delivered
from sandbox.people import Person
from sandbox.platforms.feishu import people
from sandbox.platforms.feishu.api import api_error, bearer_is_tenant_token, blueprint
from sandbox.platforms.feishu.look import draw
from sandbox.state import SandboxState, current_state, random_text

ID_KINDS = ("open_id", "union_id", "user_id", "email", "chat_id")
APP_TYPES = (
    "text", "post", "image", "file", "audio", "media", "sticker", "interactive", "share_chat", "share_user", "system",
)  # fmt: skip
ROBOT_TYPES = ("text", "post", "image", "share_chat", "interactive")
CHAT_ID = "oc_5a4db0c0ffee000000000000000000aa"
"""The one group that the app's bot is in."""

ROBOT_NAME = "sandbox-robot-0001"
ROBOT_CLOCK_SECONDS = 3600
ROBOT_LARGEST_BODY = 20 * 1024
LARGEST_TEXT, LARGEST_RICH = 150 * 1024, 30 * 1024
UUID_SECONDS, LONGEST_UUID = 3600, 50
ROBOT_OK = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}
PACES = {"receiver": (5, 1), "robot": (5, 1), "robot_minute": (100, 60)}

WORDS = {
    230001: "Your request contains an invalid request parameter.",
    230002: "The bot can not be outside the group.",
    230011: "The message is recalled.",
    230020: "This operation triggers the frequency limit.",
    230025: "The length of the message content reaches its limit.",
    230034: "The receive_id is invalid.",
    230099: "Failed to create card content, ext=ErrCode: 200621; ErrMsg: parse card json err, please check whether the card json is correct; ",
}


@blueprint.post("/open-apis/im/v1/messages")
def send_message() -> Response:
    """Takes a message to a person or chat; the same `uuid` is delivered once within an hour."""
    state = current_state()
    problem = bearer_is_tenant_token()
    if problem is not None:
        return problem
    body: Any = request.get_json(force=True, silent=True)
    kind = request.args.get("receive_id_type", "open_id")
    content = _content(body)
    code = _problem(body, content, kind) or _receiver_problem(state, body, kind)
    if code:
        return api_error(code, WORDS[code])
    uuid = str(body.get("uuid") or "")
    with state.lock:
        before = _already_sent(state, uuid)
        if before is not None:
            return jsonify({"code": 0, "msg": "success", "data": before})
        if is_too_fast(state, f"receiver:{body['receive_id']}", *PACES["receiver"]):
            return api_error(230020, WORDS[230020])
        data = _answer(state, body, kind)
        state.messages.append({**body, "feishu_answer": data, "at": state.now()})
    _keep(state, body, content or {}, kind, data["message_id"])
    return jsonify({"code": 0, "msg": "success", "data": data})


@blueprint.delete("/open-apis/im/v1/messages/<message_id>")
def recall_message(message_id: str) -> Response:
    """Takes a message of the app back; one that is not there, or was taken back, is refused."""
    state = current_state()
    if (problem := bearer_is_tenant_token()) is not None:
        return problem
    if not state.inbox.take_back("feishu", message_id):
        return api_error(230011, WORDS[230011])
    return jsonify({"code": 0, "msg": "success", "data": {}})


@blueprint.post("/open-apis/bot/v2/hook/<hook>")
def robot(hook: str) -> Response:
    """Takes a message of the group's robot, whose security setting is a signature."""
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    with state.lock:
        problem = _robot_problem(state, hook, body)
        if problem is not None:
            return jsonify({"code": problem[0], "msg": problem[1], "data": {}})
        state.messages.append(body)
    msg_type, app_id = body["msg_type"], state.settings["FEISHU_APP_ID"]
    state.inbox.keep(
        Delivered(
            platform="feishu",
            conversation="robot",
            conversation_title="群机器人 · Group robot",
            kind=msg_type,
            **draw(msg_type, _robot_content(body), app_id)._asdict(),
            raw={name: value for name, value in body.items() if name not in ("sign", "timestamp")},
            at=state.now(),
            id=random_text(16),
        )
    )
    return jsonify(ROBOT_OK)


def _robot_problem(state: SandboxState, hook: str, body: Any) -> tuple[int, str] | None:
    if hook != ROBOT_NAME:
        return 19001, "param invalid: incoming webhook access token invalid"
    if len(request.get_data()) > ROBOT_LARGEST_BODY:
        return 19036, "body is too long"
    if not isinstance(body, dict):
        return 9499, "Bad Request"
    if body.get("msg_type") not in ROBOT_TYPES:
        return 19002, "params error, msg_type need"
    if not _robot_signature_holds(body, state.settings["FEISHU_ROBOT_SECRET"], state.now()):
        return 19021, "sign match fail or timestamp is not within one hour from current time"
    return _robot_content_problem(body) or _robot_haste(state)


def _robot_content_problem(body: dict[str, Any]) -> tuple[int, str] | None:
    content = _robot_content(body)
    if not content:
        return 9499, "Bad Request"
    if body["msg_type"] == "interactive" and not is_card(content):
        return 11246, "card content is invalid"
    return None


def _robot_haste(state: SandboxState) -> tuple[int, str] | None:
    is_fast = [is_too_fast(state, name, *PACES[name]) for name in ("robot", "robot_minute")]
    return (
        (11232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]") if any(is_fast) else None
    )


def _robot_content(body: dict[str, Any]) -> dict[str, Any]:
    content = body.get("card" if body["msg_type"] == "interactive" else "content")
    return content if isinstance(content, dict) else {}


def is_card(card: dict[str, Any]) -> bool:
    """Tells whether something is a card: of the builder, of JSON 2.0 with elements, or of the old form."""
    if card.get("type") == "template":
        return isinstance(card.get("data"), dict)
    body = card.get("body")
    found = (
        (body.get("elements") if isinstance(body, dict) else None)
        if card.get("schema") == "2.0"
        else card.get("elements")
    )
    return isinstance(found, list) and all(isinstance(each, dict) and each.get("tag") for each in found)


def is_too_fast(state: SandboxState, name: str, most: int, seconds: float) -> bool:
    """Counts a message, and tells whether it is one more than its pace allows; a refused one does not count."""
    shelf, now = state.shelf("feishu.paces"), state.now()
    lately = [at for at in shelf.get(name, []) if now - at < seconds]
    shelf[name] = lately if len(lately) >= most else [*lately, now]
    return len(lately) >= most


def _problem(body: Any, content: dict[str, Any] | None, kind: str) -> int | None:
    if (
        not isinstance(body, dict)
        or content is None
        or kind not in ID_KINDS
        or body.get("msg_type") not in APP_TYPES
    ):
        return 230001
    if len(str(body.get("uuid") or "")) > LONGEST_UUID:
        return 230001
    if body["msg_type"] == "text" and not isinstance(content.get("text"), str):
        return 230001
    if len(request.get_data()) > (LARGEST_TEXT if body["msg_type"] == "text" else LARGEST_RICH):
        return 230025
    return 230099 if body["msg_type"] == "interactive" and not is_card(content) else None


def _receiver_problem(state: SandboxState, body: dict[str, Any], kind: str) -> int | None:
    receiver = str(body.get("receive_id", ""))
    if kind == "chat_id":
        return None if receiver == CHAT_ID else 230002 if receiver.startswith("oc_") else 230034
    return None if _identified(state, receiver, kind) is not None else 230034


def _identified(state: SandboxState, receiver: str, kind: str) -> Person | None:
    person = people.find_by_identifier(receiver, state.settings["FEISHU_APP_ID"])
    if person is None:
        return None
    names = {
        "open_id": people.open_id(person, state.settings["FEISHU_APP_ID"]),
        "union_id": people.union_id(person),
        "user_id": people.user_id(person),
        "email": person.email,
    }
    return person if names[kind] == receiver else None


def _answer(state: SandboxState, body: dict[str, Any], kind: str) -> dict[str, Any]:
    now = str(int(state.now() * 1000))
    return {
        "message_id": "om_" + random_text(32),
        "chat_id": body["receive_id"] if kind == "chat_id" else "oc_" + random_text(32),
        "msg_type": body["msg_type"],
        "create_time": now,
        "update_time": now,
        "deleted": False,
        "updated": False,
        "sender": {"id": state.settings["FEISHU_APP_ID"], "id_type": "app_id", "sender_type": "app"},
        "body": {"content": body["content"]},
    }


def _keep(
    state: SandboxState, body: dict[str, Any], content: dict[str, Any], kind: str, message_id: str
) -> None:
    app_id = state.settings["FEISHU_APP_ID"]
    person = None if kind == "chat_id" else _identified(state, body["receive_id"], kind)
    conversation, title = f"chat:{CHAT_ID}", "群聊 · Group"
    if person is not None:
        conversation, title = f"user:{person.key}", f"{person.name_zh} · {person.name_en}"
    state.inbox.keep(
        Delivered(
            platform="feishu",
            conversation=conversation,
            conversation_title=title,
            kind=body["msg_type"],
            **draw(body["msg_type"], content, app_id)._asdict(),
            raw=body,
            at=state.now(),
            id=message_id,
        )
    )


def _robot_signature_holds(body: dict[str, Any], secret: str, now: float) -> bool:
    timestamp = str(body.get("timestamp", ""))
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > ROBOT_CLOCK_SECONDS:
        return False
    # Odd but documented: timestamp and secret are the key, and the message is empty.
    expected = b64encode(hmac.digest(f"{timestamp}\n{secret}".encode(), b"", "sha256")).decode()
    return bool(body.get("sign") == expected)


def _content(body: Any) -> dict[str, Any] | None:
    """Returns what the JSON text of a content holds, None where it is none."""
    try:
        content = json.loads(body["content"])
    except (TypeError, ValueError, KeyError):
        return None
    return content if isinstance(content, dict) else None


def _already_sent(state: SandboxState, uuid: str) -> dict[str, Any] | None:
    for message in state.messages:
        if (
            uuid
            and message.get("uuid") == uuid
            and "feishu_answer" in message
            and state.now() - message["at"] < UUID_SECONDS
        ):
            answer: dict[str, Any] = message["feishu_answer"]
            return answer
    return None
