"""Simulated DingTalk as it takes messages: a group's custom robot, work notices, and the application's own robot.

Protocol: DingTalk's pages on custom robots, `topapi/message/corpconversation`, `v1.0/robot` (read 2026-11-28). The same work notice to the same
person goes out once a day and is dropped without a word after that; only `getsendresult` tells.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request

from sandbox.inbox import Delivered
from sandbox.people import PEOPLE, Person
from sandbox.platforms.dingtalk import look, people
from sandbox.platforms.dingtalk.api import answer_json, blueprint, refused
from sandbox.platforms.dingtalk.in_app import has_app_token, refused_by_number
from sandbox.platforms.dingtalk.signer import robot_sign
from sandbox.simulated import Preset
from sandbox.state import SandboxState, current_state, random_text
from sandbox.words import Words

CHAT_ID = "cidSandboxOperations=="
GROUP = "运维群 · Operations"
ROBOT_TYPES = ("text", "markdown", "link", "actionCard", "feedCard")
NOTICE_TYPES = ("text", "image", "voice", "file", "link", "oa", "markdown", "action_card")
ROBOT_PER_MINUTE = 20
ROBOT_BYTES, NOTICE_BYTES, APP_ROBOT_BYTES = 20_000, 2048, 15_000
HOUR_MILLISECONDS = 3_600_000
MOST_MEMBERS_OF_ROBOT = 20
DAY = 86_400
PRESETS = (
    Preset(
        "robot_flood",
        "dingtalk.robot_send",
        "json",
        1,
        {"json": {"status": 1111, "wait": 5, "source": "sandbox", "punish": "deny", "uuid": "sandbox"}},
        Words("The next message is answered with the page against floods", "下一条消息返回限流页面"),
    ),
)


@blueprint.post("/robot/send", endpoint="robot_send")
def robot_send() -> Response:
    """Takes a message of the group's custom robot, which is signed."""
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    problem = _robot_problem(state, body)
    if problem is not None:
        return refused_by_number(*problem)
    kind = body["msgtype"]
    at = body.get("at") or {}
    mentions = [*at.get("atMobiles", []), *at.get("atUserIds", []), *(["@all"] if at.get("isAtAll") else [])]
    _keep(state, ("robot", GROUP), kind, body[kind], raw=body, mentions=tuple(str(each) for each in mentions))
    return answer_json({"errcode": 0, "errmsg": "ok"})


@blueprint.post("/topapi/message/corpconversation/asyncsend_v2", endpoint="notice_send")
def notice_send() -> Response:
    """Takes a work notice; whether it arrives is told later."""
    state = current_state()
    if not has_app_token(state):
        return refused_by_number(40014, "不合法的access_token")
    body: Any = request.get_json(force=True, silent=True)
    message = body.get("msg") if isinstance(body, dict) else None
    if not isinstance(body, dict) or str(body.get("agent_id")) != state.settings["DINGTALK_AGENT_ID"]:
        return refused_by_number(33012, "无效的USERID/agent_id")
    if not isinstance(message, dict) or message.get("msgtype") not in NOTICE_TYPES:
        return refused_by_number(40035, "不合法的参数")
    if len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()) > NOTICE_BYTES:
        return refused_by_number(40035, "消息内容超过限制")
    reached, invalid = _receivers(body)
    task, forbidden = 10**9 + len(state.shelf("dingtalk.tasks")), []
    for person in reached:
        if _is_second_of_the_day(state, person, message):
            forbidden.append(people.user_id(person))
            continue
        kind = message["msgtype"]
        _keep(state, _with(person), kind, message.get(kind) or {}, raw=body, number=str(task))
    state.shelf("dingtalk.tasks")[str(task)] = {
        "invalid_user_id_list": invalid,
        "forbidden_list": [{"code": "143106", "count": 1, "userid": each} for each in forbidden],
        "failed_user_id_list": [],
        "unread_user_id_list": [
            people.user_id(each) for each in reached if people.user_id(each) not in forbidden
        ],
        "read_user_id_list": [],
    }
    return answer_json({"errcode": 0, "errmsg": "ok", "task_id": task, "request_id": "sandbox"})


@blueprint.post("/topapi/message/corpconversation/getsendresult", endpoint="notice_result")
def notice_result() -> Response:
    """Tells whom a work notice reached."""
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    found = state.shelf("dingtalk.tasks").get(str(body.get("task_id"))) if isinstance(body, dict) else None
    if not has_app_token(state) or found is None:
        return refused_by_number(40014 if found else 40035, "不合法的参数")
    return answer_json({"errcode": 0, "errmsg": "ok", "send_result": found, "request_id": "sandbox"})


@blueprint.post("/v1.0/robot/oToMessages/batchSend", endpoint="app_robot_send")
def app_robot_send() -> Response:
    """Takes a message of the application's robot for members, one by one."""
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    users = body.get("userIds") if isinstance(body, dict) else None
    if (problem := _app_robot_problem(state, body)) is not None:
        return problem
    if not isinstance(users, list) or not 0 < len(users) <= MOST_MEMBERS_OF_ROBOT:
        return refused(
            "invalidParameter.userIds.overMax" if users else "invalidParameter.userIds.empty", "userIds"
        )
    kind, content = look.of_app_robot(body)
    found = [person for person in PEOPLE if people.user_id(person) in users]
    number = random_text(32)
    for person in found:
        _keep(state, _with(person), kind, content, raw=body, number=number)
    unknown = [each for each in users if each not in {people.user_id(person) for person in found}]
    return answer_json(
        {"processQueryKey": number, "invalidStaffIdList": unknown, "flowControlledStaffIdList": []}
    )


@blueprint.post("/v1.0/robot/groupMessages/send", endpoint="app_robot_group_send")
def app_robot_group_send() -> Response:
    """Takes a message of the application's robot for a group it is in."""
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    if (problem := _app_robot_problem(state, body)) is not None:
        return problem
    if body.get("openConversationId") != CHAT_ID:
        return refused("invalidParameter.openConversationId.invalid", "群不存在")
    kind, content = look.of_app_robot(body)
    number = random_text(32)
    _keep(state, (f"chat:{CHAT_ID}", GROUP), kind, content, raw=body, number=number)
    return answer_json({"processQueryKey": number})


@blueprint.post("/topapi/message/corpconversation/recall", endpoint="notice_recall")
def notice_recall() -> Response:
    """Takes a work notice back."""
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    if not has_app_token(state):
        return refused_by_number(40014, "不合法的access_token")
    if not isinstance(body, dict) or str(body.get("agent_id")) != state.settings["DINGTALK_AGENT_ID"]:
        return refused_by_number(33012, "无效的USERID/agent_id")
    if not state.inbox.take_back("dingtalk", str(body.get("msg_task_id"))):
        return refused_by_number(40035, "不合法的参数")
    return answer_json({"errcode": 0, "errmsg": "ok", "request_id": "sandbox"})


@blueprint.post("/v1.0/robot/otoMessages/batchRecall", endpoint="app_robot_recall")
def app_robot_recall() -> Response:
    """Takes messages of the application's robot to members back."""
    return _robot_recall()


@blueprint.post("/v1.0/robot/groupMessages/recall", endpoint="app_robot_group_recall")
def app_robot_group_recall() -> Response:
    """Takes messages of the application's robot to a group back."""
    body: Any = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or body.get("openConversationId") != CHAT_ID:
        return refused("invalidParameter.openConversationId.invalid", "群不存在")
    return _robot_recall()


def _robot_recall() -> Response:
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    if (problem := _app_robot_caller_problem(state, body)) is not None:
        return problem
    keys = [str(each) for each in body.get("processQueryKeys") or []]
    done = [each for each in keys if state.inbox.take_back("dingtalk", each)]
    failed = {each: "message not found" for each in keys if each not in done}
    return answer_json({"successResult": done, "failedResult": failed})


def _robot_problem(state: SandboxState, body: Any) -> tuple[int, str] | None:
    query, settings = request.args, state.settings
    if query.get("access_token") != settings["DINGTALK_ROBOT_TOKEN"]:
        return 300005, "token is not exist"
    timestamp = query.get("timestamp", "")
    if not timestamp.isdecimal() or abs(state.now() * 1000 - int(timestamp)) > HOUR_MILLISECONDS:
        return (
            310000,
            "description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在 timestampms 以内",
        )
    if query.get("sign") != robot_sign(settings["DINGTALK_ROBOT_SECRET"], timestamp):
        return 310000, "sign not match, more: [https://open.dingtalk.com/document/]"
    if len(request.get_data()) > ROBOT_BYTES:
        return 460101, "message too long, exceed 20000 bytes"
    if not isinstance(body, dict) or body.get("msgtype") not in ROBOT_TYPES:
        return 400105, "msgtype not support"
    kind = body["msgtype"]
    content = body.get(kind)
    needs = {"text": ("content",), "markdown": ("title", "text"), "link": ("title", "text", "messageUrl")}
    if not isinstance(content, dict) or not all(content.get(name) for name in needs.get(kind, ())):
        return 40035, "缺少参数"
    return None if _has_room(state) else (130101, "send too fast, exceed 20 times per minute")


def _app_robot_caller_problem(state: SandboxState, body: Any) -> Response | None:
    given = request.headers.get("x-acs-dingtalk-access-token", "")
    kept = state.app_tokens.get("dingtalk", [])
    if not any(token.value == given and state.is_alive(token) for token in kept):
        return refused("InvalidAuthentication", "不合法的access_token")
    if not isinstance(body, dict) or body.get("robotCode") != state.settings["DINGTALK_APP_KEY"]:
        return refused("invalidParameter.robotCode.auth", "机器人不属于该应用")
    return None


def _app_robot_problem(state: SandboxState, body: Any) -> Response | None:
    if (problem := _app_robot_caller_problem(state, body)) is not None:
        return problem
    if len(str(body.get("msgParam", "")).encode()) > APP_ROBOT_BYTES:
        return refused("invalidParameter.msgParam.invalid", "消息内容过长")
    try:
        look.of_app_robot(body)
    except ValueError:
        return refused("invalidParameter.msgKey.invalid", "消息模板不存在")
    return None


def _has_room(state: SandboxState) -> bool:
    with state.lock:
        shelf = state.shelf("dingtalk.sent")
        recent = [at for at in shelf.get("robot", []) if at > state.now() - 60]
        has_room = len(recent) < ROBOT_PER_MINUTE
        shelf["robot"] = [*recent, state.now()] if has_room else recent
    return has_room


def _receivers(body: Mapping[str, Any]) -> tuple[Sequence[Person], list[str]]:
    if body.get("to_all_user") is True or "1" in str(body.get("dept_id_list") or "").split(","):
        return PEOPLE, []
    wanted = [each for each in str(body.get("userid_list") or "").split(",") if each]
    found = [person for person in PEOPLE if people.user_id(person) in wanted]
    return found, [each for each in wanted if each not in {people.user_id(person) for person in found}]


def _is_second_of_the_day(state: SandboxState, person: Person, message: Mapping[str, Any]) -> bool:
    text = json.dumps(message, sort_keys=True)
    key = hashlib.sha256(f"{person.key}/{int(state.now()) // DAY}/{text}".encode()).hexdigest()
    with state.lock:
        seen = state.shelf("dingtalk.notices")
        is_second = key in seen
        seen[key] = True
    return is_second


def _with(person: Person) -> tuple[str, str]:
    """Names the conversation with a person, and what stands above it."""
    return f"user:{people.user_id(person)}", f"{person.name_zh} · {person.name_en}"


def _keep(
    state: SandboxState,
    where: tuple[str, str],
    kind: str,
    content: Mapping[str, Any],
    *,
    raw: Mapping[str, Any],
    mentions: tuple[str, ...] = (),
    number: str = "",
) -> None:
    found = look.shown(kind, content)
    state.inbox.keep(
        Delivered(
            platform="dingtalk",
            conversation=where[0],
            conversation_title=where[1],
            kind=kind,
            text=found["text"],
            drawn=look.markup_or_none(found.get("drawn")),
            heading=found.get("heading", ""),
            mentions=mentions,
            fields=found.get("fields", ()),
            buttons=found.get("buttons", ()),
            raw=raw,
            at=state.now(),
            id=number or random_text(12),
        )
    )
