"""Simulated messages of WeChat's accounts: customer service, templates, subscriptions, of the Official Account and the Mini Program.

Protocol: developers.weixin.qq.com, "Customer messages", "Template messages", "Subscription notices", "subscribeMessage.send" (read
2026-11-28). Adds its routes to the blueprint of `api`. The token says which account writes; a template message with a known
`client_msg_id` is not delivered again (what is answered then is a guess).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from sandbox.inbox import Delivered
from sandbox.people import PEOPLE, Person
from sandbox.platforms.wechat import people
from sandbox.platforms.wechat.account import account_error, account_json, shelf_of, token_problem
from sandbox.platforms.wechat.api import blueprint
from sandbox.platforms.wechat.chat import NAME
from sandbox.state import Bubble, SandboxState, current_state
from sandbox.tencent_windows import TWO_DAYS, open_window, use_agreement, use_window

TEXT_BYTES = 2048
CUSTOMER_TYPES = {
    "wechat": (
        "text",
        "image",
        "voice",
        "video",
        "music",
        "news",
        "mpnews",
        "mpnewsarticle",
        "msgmenu",
        "wxcard",
        "miniprogrampage",
    ),
    "wechat-mini": ("text", "image", "link", "miniprogrampage"),
}
TEMPLATES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "sandbox_notice": ("业务通知", {"thing1": "通知标题", "thing2": "通知内容"}),
    "sandbox_order": (
        "订单状态通知",
        {"character_string1": "订单编号", "phrase2": "订单状态", "thing3": "备注"},
    ),
    "sandbox_template": ("服务进度提醒", {"thing1": "服务项目", "thing2": "进度说明"}),
}
"""Title and names of the values, by id; every account has these."""

LONGEST = {"thing": 20, "number": 32, "letter": 32, "symbol": 5, "character_string": 32, "phrase": 5}
CLIENT_ID_SECONDS = 600


@dataclass(frozen=True)
class Sender:
    """The account whose token a call carries."""

    slug: str
    app_id: str


class Refused(Exception):
    """Carries an errcode, and what stands behind its words, to the one handler."""

    def __init__(self, code: int, detail: str = "") -> None:
        """Remembers both."""
        super().__init__(code)
        self.code, self.detail = code, detail


@blueprint.errorhandler(Refused)
def refused(error: Refused) -> Response:
    """Answers a refused message as `cgi-bin` does."""
    return account_error(error.code, error.detail)


@blueprint.post("/cgi-bin/message/custom/send")
def custom_send() -> Response:
    """Delivers a customer message while the person's window is open."""
    state, sender, body, person = _call()
    kind = body.get("msgtype")
    content = body.get(str(kind))
    if kind not in CUSTOMER_TYPES[sender.slug]:
        raise Refused(40008)
    if not isinstance(content, dict):
        raise Refused(47001)
    if kind == "text" and not content.get("content"):
        raise Refused(44004)
    if kind == "text" and len(str(content["content"]).encode()) > TEXT_BYTES:
        raise Refused(45002)
    _greet(state, sender)
    _raise_for(use_window(state, str(body["touser"])))
    text = str(content.get("content") or content.get("title") or f"[{kind}]")
    _deliver(state, sender, person, body, kind=str(kind), text=text)
    return account_json({"errcode": 0, "errmsg": "ok"})


@blueprint.post("/cgi-bin/message/template/send")
def template_send() -> Response:
    """Delivers a template message to a follower; the same `client_msg_id` is delivered once in ten minutes."""
    state, sender, body, person = _call(only="wechat")
    heading, fields = _form(body)
    if person.key not in state.followers(NAME):
        raise Refused(43004)
    client_id = str(body.get("client_msg_id") or "")
    known = f"{body['touser']}:{client_id}"
    with state.lock:
        sent = state.shelf("wechat.client_ids")
        number, at = sent.get(known, (0, 0.0))
        is_new = not client_id or state.now() - at >= CLIENT_ID_SECONDS
        if is_new:
            number = _number(state)
            sent[known] = (number, state.now())
    if is_new:
        _deliver(
            state, sender, person, body, kind="template", text=_lines(fields), heading=heading, fields=fields
        )
    return account_json({"errcode": 0, "errmsg": "ok", "msgid": number})


@blueprint.post("/cgi-bin/message/template/subscribe")
def one_time_send() -> Response:
    """Delivers the one message that a person agreed to on the page."""
    state, sender, body, person = _call(only="wechat")
    data = body.get("data")
    content = data.get("content") if isinstance(data, dict) else None
    if not isinstance(content, dict) or not body.get("title") or "scene" not in body:
        raise Refused(47001)
    _raise_for(use_agreement(state, str(body["touser"]), str(body.get("template_id", ""))))
    _deliver(
        state,
        sender,
        person,
        body,
        kind="subscribe_once",
        text=str(content.get("value", "")),
        heading=str(body["title"]),
    )
    return account_json({"errcode": 0, "errmsg": "ok"})


@blueprint.post("/cgi-bin/message/subscribe/bizsend")
def subscribed_send() -> Response:
    """Delivers a subscribed message of the Official Account."""
    return _subscribed("wechat")


@blueprint.post("/cgi-bin/message/subscribe/send")
def program_subscribed_send() -> Response:
    """Delivers a subscribed message of the Mini Program."""
    return _subscribed("wechat-mini")


def _subscribed(slug: str) -> Response:
    state, sender, body, person = _call(only=slug)
    heading, fields = _form(body)
    if slug == "wechat-mini" and str(body.get("page") or "").startswith(("/", "http")):
        raise Refused(41030)
    _raise_for(use_agreement(state, str(body["touser"]), str(body["template_id"])))
    _deliver(
        state, sender, person, body, kind="subscribe", text=_lines(fields), heading=heading, fields=fields
    )
    return account_json({"errcode": 0, "errmsg": "ok", "msgid": _number(state)})


def _call(only: str = "") -> tuple[SandboxState, Sender, dict[str, Any], Person]:
    """Returns what every call carries; raises Refused."""
    state = current_state()
    sender = _sender(state, only)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise Refused(47001)
    person = people.find_by_open_id(str(body.get("touser", "")), sender.app_id)
    if person is None:
        raise Refused(40003)
    return state, sender, body, person


def _greet(state: SandboxState, sender: Sender) -> None:
    """Lets the first person have written to the account when the simulator began, so that a first message can be sent."""
    with state.lock:
        greeted = state.shelf("wechat.greeted")
        if not greeted.setdefault(sender.slug, False):
            greeted[sender.slug] = True
            open_window(state, people.open_id(PEOPLE[0], sender.app_id), TWO_DAYS, 5)


def _sender(state: SandboxState, only: str) -> Sender:
    accounts = (
        (Sender("wechat", state.settings["WECHAT_APP_ID"]), ("wechat.stable", "wechat.classic")),
        (
            Sender("wechat-mini", state.settings["WECHAT_MINI_APP_ID"]),
            (shelf_of(state, state.settings["WECHAT_MINI_APP_ID"]),),
        ),
    )
    problems = []
    for sender, shelves in accounts:
        problem = token_problem(state, shelves)
        if problem is None:
            if only and sender.slug != only:
                raise Refused(48001)
            return sender
        problems.append(problem)
    raise Refused(next((code for code in problems if code != 40001), 40001))


def _form(body: Mapping[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Returns title and lines of a filled template; raises Refused as the platform does, with the value at fault."""
    template = TEMPLATES.get(str(body.get("template_id", "")))
    if template is None:
        raise Refused(40037)
    heading, labels = template
    data = body.get("data")
    lines = []
    for name, label in labels.items():
        entry = data.get(name) if isinstance(data, dict) else None
        value = str(entry.get("value", "")) if isinstance(entry, dict) else ""
        if not value or len(value) > LONGEST[re.sub(r"[0-9]+$", "", name)]:
            raise Refused(47003, f"argument invalid! data.{name}.value invalid")
        lines.append((label, value))
    return heading, tuple(lines)


def _lines(fields: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"{label}：{value}" for label, value in fields)


def _deliver(
    state: SandboxState,
    sender: Sender,
    person: Person,
    body: dict[str, Any],
    *,
    kind: str,
    text: str,
    heading: str = "",
    fields: tuple[tuple[str, str], ...] = (),
) -> None:
    """Keeps a message for whoever looks, and puts the Official Account's into the phone's chat."""
    with state.lock:
        state.messages.append(body)
        number = str(_number(state))
    address = str(body.get("url") or body.get("page") or "")
    state.inbox.keep(
        Delivered(
            platform=sender.slug,
            conversation=f"user:{person.key}",
            conversation_title=f"{person.name_zh} · {person.name_en}",
            kind=kind,
            text="" if fields else text,
            heading=heading,
            fields=fields,
            buttons=(("查看详情", address),) if address else (),
            raw=body,
            at=state.now(),
            id=number,
        )
    )
    if sender.slug == "wechat":
        state.say(NAME, person, Bubble("account", f"[{heading}]\n{text}" if heading else text))


def _number(state: SandboxState) -> int:
    return 2_000_000_000_000_000_000 + len(state.messages)


def _raise_for(code: int | None) -> None:
    if code is not None:
        raise Refused(code)
