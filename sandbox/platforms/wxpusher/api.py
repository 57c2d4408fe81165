"""Simulated WxPusher as it takes messages: 200 whatever happened, and a result for each receiver of a good one.

Protocol: wxpusher.zjiecode.com/docs "发送消息" (read 2026-11-28); codes beside 1000 as Apprise has them.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.drawn_markdown import WHOLE, draw_markdown
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE, Person
from sandbox.settings import SandboxSettings
from sandbox.state import SandboxState, current_state

blueprint = Blueprint("wxpusher", __name__, url_prefix="/wxpusher")

TOPIC = 4321
MOST_CHARACTERS, MOST_PEOPLE, MOST_TOPICS = 40_000, 2000, 5
MARKDOWN = 3


def uid(person: Person) -> str:
    """Returns the person's id at the application."""
    return f"UID_sandbox{person.number}"


def identities(person: Person, _settings: SandboxSettings) -> dict[str, Any]:
    """Names a person's identifiers for tests and tools."""
    return {"wxpusher_uid": uid(person)}


@blueprint.post("/api/send/message", endpoint="send")
def send() -> Response:
    """Takes a message for people and topics."""
    state = current_state()
    body = request.get_json(force=True, silent=True)
    problem = _problem(state, body)
    if problem is not None or body is None:
        return _answer(*(problem or (1001, "请求参数错误")))
    results = [_to_person(state, body, str(each)) for each in body.get("uids") or []]
    results += [_to_topic(state, body, each) for each in body.get("topicIds") or []]
    return _answer(1000, "处理成功", results)


def _problem(state: SandboxState, body: Any) -> tuple[int, str] | None:
    if not isinstance(body, dict):
        return 1001, "请求参数错误"
    if body.get("appToken") != state.settings["WXPUSHER_APP_TOKEN"]:
        return 1002, "appToken不正确"
    content = body.get("content")
    if not isinstance(content, str) or not content:
        return 1003, "发送内容不能为空"
    if len(content) > MOST_CHARACTERS:
        return 1007, "内容过长"
    people, topics = body.get("uids") or [], body.get("topicIds") or []
    if (not people and not topics) or len(people) > MOST_PEOPLE or len(topics) > MOST_TOPICS:
        return 1004, "发送目标错误"
    return None


def _to_person(state: SandboxState, body: dict[str, Any], receiver: str) -> dict[str, Any]:
    person = next((each for each in PEOPLE if uid(each) == receiver), None)
    result = {"uid": receiver, "topicId": None}
    if person is None:
        return result | {"code": 1004, "status": "用户未关注应用"}
    return result | _taken(_keep(state, body, f"user:{receiver}", person.name_zh))


def _to_topic(state: SandboxState, body: dict[str, Any], topic: Any) -> dict[str, Any]:
    result = {"uid": None, "topicId": topic}
    if topic != TOPIC:
        return result | {"code": 1004, "status": "主题不存在"}
    return result | _taken(_keep(state, body, f"topic:{topic}", "运维主题 · Operations"))


def _taken(number: int) -> dict[str, Any]:
    return {
        "messageContentId": 2_000_000 + number,
        "sendRecordId": number,
        "code": 1000,
        "status": "创建发送任务成功",
    }


def _keep(state: SandboxState, body: dict[str, Any], conversation: str, title: str) -> int:
    shelf = state.shelf("wxpusher.messages")
    with state.lock:
        number = shelf["last"] = shelf.get("last", 0) + 1
    text = body["content"]
    state.inbox.keep(
        Delivered(
            platform="wxpusher",
            conversation=conversation,
            conversation_title=title,
            kind=str(body.get("contentType", 1)),
            text=text,
            drawn=draw_markdown(text, WHOLE) if body.get("contentType") == MARKDOWN else None,
            heading=str(body.get("summary", ""))[:100],
            raw={name: value for name, value in body.items() if name != "appToken"},
            at=state.now(),
            id=str(number),
        )
    )
    return int(number)


def _answer(code: int, words: str, data: Any = None) -> Response:
    return jsonify({"code": code, "msg": words, "data": data, "success": code == 1000})
