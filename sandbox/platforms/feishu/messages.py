"""Simulated Feishu message sending: app messages and the custom group robot.

Protocol: open.feishu.cn, "Send message" and "Custom bot guide" (read 2026-11-20). The robot answers HTTP
200 for failures too. Adds its routes to the blueprint of `api`.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

from flask import Response, jsonify, request

from sandbox.platforms.feishu.api import api_error, bearer_is_tenant_token, blueprint
from sandbox.platforms.feishu.people import find_by_identifier
from sandbox.state import current_state, random_text

ID_KINDS = ("open_id", "union_id", "user_id", "email", "chat_id")
ROBOT_CLOCK_SECONDS = 3600
ROBOT_LARGEST_BODY = 20_000
ROBOT_OK = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


@blueprint.post("/open-apis/im/v1/messages")
def send_message() -> Response:
    """Takes a message to a person or chat; the same `uuid` is delivered once."""
    state = current_state()
    problem = bearer_is_tenant_token()
    if problem is not None:
        return problem
    body = request.get_json(force=True, silent=True)
    kind = request.args.get("receive_id_type", "open_id")
    if not isinstance(body, dict) or kind not in ID_KINDS or not _content_is_json(body):
        return api_error(230001, "Your request contains an invalid request parameter.")
    receiver = str(body.get("receive_id", ""))
    if kind != "chat_id" and find_by_identifier(receiver, state.settings["FEISHU_APP_ID"]) is None:
        return api_error(230034, "The receive_id is invalid.")
    with state.lock:
        before = _already_sent(state.messages, str(body.get("uuid") or ""))
        if before is not None:
            return jsonify({"code": 0, "msg": "success", "data": before})
        now = str(int(state.now() * 1000))
        data = {
            "message_id": "om_" + random_text(32),
            "chat_id": receiver if kind == "chat_id" else "oc_" + random_text(32),
            "msg_type": body.get("msg_type"),
            "create_time": now,
            "update_time": now,
            "deleted": False,
            "updated": False,
            "sender": {"id": state.settings["FEISHU_APP_ID"], "id_type": "app_id", "sender_type": "app"},
            "body": {"content": body.get("content")},
        }
        state.messages.append({**body, "feishu_answer": data})
    return jsonify({"code": 0, "msg": "success", "data": data})


@blueprint.post("/open-apis/bot/v2/hook/<hook>")
def robot(hook: str) -> Response:
    """Takes a robot message; a signed one must carry the right signature for the robot's secret.

    The robot's secret is the hook's name with `-secret` behind it; unsigned messages pass.
    """
    state = current_state()
    if len(request.get_data()) > ROBOT_LARGEST_BODY:
        return jsonify({"code": 19036, "msg": "body is too long", "data": {}})
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return jsonify({"code": 9499, "msg": "Bad Request", "data": {}})
    if not body.get("msg_type"):
        return jsonify({"code": 19002, "msg": "params error, msg_type need", "data": {}})
    if "sign" in body and not _robot_signature_holds(body, f"{hook}-secret", state.now()):
        return jsonify(
            {"code": 19021, "msg": "sign match fail or timestamp is not within one hour", "data": {}}
        )
    with state.lock:
        state.messages.append(body)
    return jsonify(ROBOT_OK)


def _robot_signature_holds(body: dict[str, Any], secret: str, now: float) -> bool:
    timestamp = str(body.get("timestamp", ""))
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > ROBOT_CLOCK_SECONDS:
        return False
    # Odd but documented: timestamp and secret are the key, and the message is empty.
    expected = b64encode(hmac.digest(f"{timestamp}\n{secret}".encode(), b"", "sha256")).decode()
    return bool(body["sign"] == expected)


def _content_is_json(body: dict[str, Any]) -> bool:
    try:
        return isinstance(json.loads(body.get("content", "")), dict) and bool(body.get("msg_type"))
    except (TypeError, ValueError):
        return False


def _already_sent(messages: list[dict[str, Any]], uuid: str) -> dict[str, Any] | None:
    for message in messages:
        if uuid and message.get("uuid") == uuid and "feishu_answer" in message:
            answer: dict[str, Any] = message["feishu_answer"]
            return answer
    return None
