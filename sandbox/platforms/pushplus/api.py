"""Simulated PushPlus as it takes messages: 200 whatever happened, and a ban for who sends more than 200 a day.

Protocol: www.pushplus.plus "消息接口文档", "接口返回码" (read 2026-11-28).
"""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.drawn_markdown import WHOLE, draw_markdown
from sandbox.inbox import Delivered
from sandbox.state import SandboxState, current_state, random_text

blueprint = Blueprint("pushplus", __name__, url_prefix="/pushplus")

GROUP = "ops-group"
MOST_CHARACTERS, A_DAY, DAY = 20_000, 200, 86_400


@blueprint.post("/send", endpoint="send")
def send() -> Response:
    """Takes a message."""
    state = current_state()
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        return _answer(600, "数据异常", None)
    if body.get("token") != state.settings["PUSHPLUS_TOKEN"]:
        return _answer(903, "无效的用户token", None)
    content = body.get("content")
    if not content:
        return _answer(999, "content不能为空", None)
    if body.get("topic") not in (None, "", GROUP):
        return _answer(999, "群组编码不存在", None)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    if len(text) > MOST_CHARACTERS:
        return _answer(999, "content长度超过限制", None)
    if not _has_room(state):
        return _answer(900, "用户账号使用受限", None)
    return _answer(200, "请求成功", _keep(state, body, text))


def _has_room(state: SandboxState) -> bool:
    with state.lock:
        shelf, today = state.shelf("pushplus.day"), int(state.now() // DAY)
        shelf[str(today)] = sent = shelf.get(str(today), 0) + 1
        return sent <= A_DAY


def _keep(state: SandboxState, body: dict[str, Any], text: str) -> str:
    number = random_text(32)
    topic = str(body.get("topic") or "")
    state.inbox.keep(
        Delivered(
            platform="pushplus",
            conversation=f"group:{topic}" if topic else "account",
            conversation_title=topic or "PushPlus",
            kind=str(body.get("template") or "html"),
            text=text,
            drawn=draw_markdown(text, WHOLE) if body.get("template") == "markdown" else None,
            heading=str(body.get("title", "")),
            raw={name: value for name, value in body.items() if name != "token"},
            at=state.now(),
            id=number,
        )
    )
    return number


def _answer(code: int, words: str, data: str | None) -> Response:
    return jsonify({"code": code, "msg": words, "data": data})
