"""Simulated Server酱 as it takes messages, by the addresses of both editions. With the switch `serverchan_free` five a day are all.

Protocol: sct.ftqq.com "发送消息"; answers as public scripts quote them (read 2026-11-28). 40002 for a missing title is unconfirmed.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.drawn_markdown import WHOLE, draw_markdown
from sandbox.inbox import Delivered
from sandbox.state import SandboxState, current_state, random_text

blueprint = Blueprint("serverchan", __name__, url_prefix="/serverchan")

THIRD_EDITION = "sctp1001tsandboxServerchanKey3"
A_DAY, DAY = 5, 86_400


@blueprint.post("/<key>.send", endpoint="turbo")
def turbo(key: str) -> tuple[Response, int]:
    """Takes a message of Turbo."""
    return _take(key == current_state().settings["SERVERCHAN_SEND_KEY"])


@blueprint.post("/send/<key>.send", endpoint="third")
def third(key: str) -> tuple[Response, int]:
    """Takes a message of the third edition."""
    return _take(key == THIRD_EDITION)


def _take(is_known: bool) -> tuple[Response, int]:
    state = current_state()
    if not is_known:
        return _error(40001, "[AUTH]错误的Key")
    body = request.get_json(force=True, silent=True) if request.is_json else request.form.to_dict()
    if not isinstance(body, dict) or not (body.get("title") or body.get("text")):
        return _error(40002, "[INPUT]消息标题不能为空")
    if state.switches["serverchan_free"] and not _has_room(state):
        return _error(40001, f"[AUTH]超过当天的发送次数限制[{A_DAY}]，请稍后再试")
    number = _keep(state, body)
    data = {"pushid": number, "readkey": "SCT" + random_text(16), "error": "SUCCESS", "errno": 0}
    return jsonify({"code": 0, "message": "", "data": data}), 200


def _has_room(state: SandboxState) -> bool:
    with state.lock:
        shelf, today = state.shelf("serverchan.day"), int(state.now() // DAY)
        shelf[str(today)] = sent = shelf.get(str(today), 0) + 1
        return sent <= A_DAY


def _keep(state: SandboxState, body: dict[str, Any]) -> str:
    number = str(int(state.now() * 1000) % 1_000_000_000)
    text = str(body.get("desp", ""))
    state.inbox.keep(
        Delivered(
            platform="serverchan",
            conversation="account",
            conversation_title="方糖服务号",
            kind="markdown",
            text=text,
            drawn=draw_markdown(text, WHOLE),
            heading=str(body.get("title") or body.get("text"))[:32],
            raw=body,
            at=state.now(),
            id=number,
        )
    )
    return number


def _error(code: int, words: str) -> tuple[Response, int]:
    return jsonify({"message": words, "code": code, "info": words, "args": [None], "scode": 461}), 400
