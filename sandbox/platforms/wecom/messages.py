"""Simulated WeCom as it takes messages: the robot of one group by its key, and the application's messages to members.

Protocol: developer.work.weixin.qq.com, pages 99110 and 90236 (read 2026-11-28). Every answer is HTTP 200. A text of the application that is too
long is cut without a word, and more than 30 messages a minute to one member are dropped without one.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from typing import Any

from flask import Response, request

from sandbox.inbox import Delivered
from sandbox.people import PEOPLE, Person
from sandbox.platforms.wecom import look, people
from sandbox.platforms.wecom.api import answer_error, blueprint, token_problem
from sandbox.simulated import Preset
from sandbox.state import SandboxState, current_state, random_text
from sandbox.tencent_answers import answer
from sandbox.words import Words

ROBOT_PER_MINUTE = 20
MEMBER_PER_MINUTE = 30
TEXT_BYTES, ROBOT_MARKDOWN_BYTES, APP_MARKDOWN_BYTES = 2048, 4096, 2048
PICTURE_BYTES = 2 * 1024 * 1024
LIMITS = (("touser", 1000), ("toparty", 100), ("totag", 100))
DUPLICATE_SECONDS = 1800
RECALL_SECONDS = 86_400
GROUP = "运维群 · Operations"
ROBOT_TYPES = ("text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card")
APP_TYPES = (
    *("text", "markdown", "image", "voice", "video", "file", "textcard", "news", "mpnews"),
    *("miniprogram_notice", "template_card"),
)
PRESETS = (
    Preset(
        "robot_full",
        "wecom.robot_send",
        "json",
        1,
        {"json": {"errcode": 45009, "errmsg": "api freq out of limit, hint: [sandbox], from ip: 127.0.0.1"}},
        Words("The robot's next message is one too many", "机器人的下一条消息超出频率限制"),
    ),
)


@blueprint.post("/cgi-bin/webhook/send", endpoint="robot_send")
def robot_send() -> Response:
    """Takes a message of the group's robot."""
    state = current_state()
    if request.args.get("key") != state.settings["WECOM_ROBOT_KEY"]:
        return answer_error(93000)
    body: Any = request.get_json(force=True, silent=True)
    problem = _content_problem(body, ROBOT_TYPES, ROBOT_MARKDOWN_BYTES)
    if problem is None and not _has_room(state, "robot", ROBOT_PER_MINUTE):
        problem = 45009
    if problem is not None:
        return answer_error(problem)
    _keep(state, body, "robot", GROUP)
    return answer({})


@blueprint.post("/cgi-bin/message/send", endpoint="app_send")
def app_send() -> Response:
    """Takes a message of the application for members, departments and tags."""
    state = current_state()
    body: Any = request.get_json(force=True, silent=True)
    problem = token_problem(state) or _request_problem(state, body)
    if problem is not None:
        return answer_error(problem)
    members, unknown = _members(body)
    if not members:
        return answer_error(81013)
    number = random_text(43)
    if not _is_repeat(state, body):
        for person in members:
            if _has_room(state, f"member:{person.key}", MEMBER_PER_MINUTE):
                title = f"{person.name_zh} · {person.name_en}"
                _keep(state, body, f"user:{people.user_id(person)}", title, number)
    return answer({**unknown, "msgid": number})


@blueprint.post("/cgi-bin/message/recall", endpoint="app_recall")
def app_recall() -> Response:
    """Takes a message of the application back, for a day."""
    state = current_state()
    if (problem := token_problem(state)) is not None:
        return answer_error(problem)
    body: Any = request.get_json(force=True, silent=True)
    number = str(body.get("msgid", "")) if isinstance(body, dict) else ""
    kept = [each for each in state.inbox.of("wecom") if each.id == number]
    if not kept or kept[0].at < state.now() - RECALL_SECONDS:
        return answer_error(40058)
    state.inbox.take_back("wecom", number)
    return answer({})


def _request_problem(state: SandboxState, body: Any) -> int | None:
    if not isinstance(body, dict):
        return 40058
    if str(body.get("agentid")) != state.settings["WECOM_AGENT_ID"]:
        return 40056
    if any(len(_values(body, name)) > most for name, most in LIMITS):
        return 40058
    return _content_problem(body, APP_TYPES, APP_MARKDOWN_BYTES)


def _members(body: dict[str, Any]) -> tuple[list[Person], dict[str, str]]:
    """Finds who is meant, and what the answer names as unknown; the ids of members come back in small letters."""
    if body.get("touser") == "@all":
        return list(PEOPLE), {}
    found: dict[str, Person] = {}
    unknown: dict[str, list[str]] = {"invaliduser": [], "invalidparty": [], "invalidtag": []}
    for value in _values(body, "touser"):
        person = people.find_member(value)
        if person is None:
            unknown["invaliduser"].append(value.lower())
        else:
            found[person.key] = person
    for field, name, groups in (
        ("toparty", "invalidparty", people.DEPARTMENTS),
        ("totag", "invalidtag", people.TAGS),
    ):
        for value in _values(body, field):
            if value not in groups:
                unknown[name].append(value)
            found |= {person.key: person for person in groups.get(value, ())}
    return list(found.values()), {name: "|".join(values) for name, values in unknown.items() if values}


def _values(body: dict[str, Any], name: str) -> list[str]:
    return [each for each in str(body.get(name) or "").split("|") if each]


def _content_problem(body: Any, types: tuple[str, ...], markdown_bytes: int) -> int | None:
    """Returns the platform's number for what is wrong with a message, None for a good one."""
    if not isinstance(body, dict) or body.get("msgtype") not in types:
        return 40008
    kind = body["msgtype"]
    content = body.get(kind)
    if not isinstance(content, dict):
        return 40058
    if kind in ("text", "markdown", "markdown_v2"):
        text = content.get("content")
        if not isinstance(text, str) or not text.strip():
            return 44004
        is_cut = kind == "text" and types is APP_TYPES
        return (
            45002
            if len(text.encode()) > (TEXT_BYTES if kind == "text" else markdown_bytes) and not is_cut
            else None
        )
    if kind == "image" and types is ROBOT_TYPES:
        return _picture_problem(content)
    if kind == "news":
        articles = content.get("articles")
        return None if isinstance(articles, list) and 1 <= len(articles) <= 8 else 45008
    if kind in ("file", "voice", "video", "image"):
        return None if content.get("media_id") else 40007
    return None


def _picture_problem(content: dict[str, Any]) -> int | None:
    try:
        picture = b64decode(str(content.get("base64", "")), validate=True)
    except ValueError:
        return 40058
    if len(picture) > PICTURE_BYTES:
        return 40009
    return None if hashlib.md5(picture).hexdigest() == content.get("md5") else 40058


def _has_room(state: SandboxState, whose: str, most: int) -> bool:
    """Counts a message of the last minute, unless there are as many as may be."""
    with state.lock:
        shelf = state.shelf("wecom.sent")
        recent = [at for at in shelf.get(whose, []) if at > state.now() - 60]
        has_room = len(recent) < most
        shelf[whose] = [*recent, state.now()] if has_room else recent
    return has_room


def _is_repeat(state: SandboxState, body: dict[str, Any]) -> bool:
    """Tells whether the same request came within the interval, for calls that asked for this check."""
    if body.get("enable_duplicate_check") != 1:
        return False
    key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    interval = min(int(body.get("duplicate_check_interval") or DUPLICATE_SECONDS), 4 * 3600)
    with state.lock:
        shelf = state.shelf("wecom.requests")
        is_repeat = shelf.get(key, 0.0) > state.now() - interval
        shelf[key] = state.now()
    return is_repeat


def _keep(state: SandboxState, body: dict[str, Any], conversation: str, title: str, number: str = "") -> None:
    kind, content = body["msgtype"], body[body["msgtype"]]
    card = look.card_of(kind, content)
    text = card["text"]
    if kind == "text" and conversation != "robot":
        text = text.encode()[:TEXT_BYTES].decode("utf-8", "ignore")
    state.inbox.keep(
        Delivered(
            platform="wecom",
            conversation=conversation,
            conversation_title=title,
            kind=kind,
            text=text,
            drawn=look.drawn(kind, text),
            heading=card.get("heading", ""),
            mentions=look.mentioned(kind, content),
            fields=card.get("fields", ()),
            buttons=card.get("buttons", ()),
            raw=body,
            at=state.now(),
            id=number or random_text(12),
        )
    )
