"""Simulated messages in accounts' names: customer service, templates, subscriptions, by the token of an account that authorises.

Protocol: developers.weixin.qq.com, the account's own calls with `authorizer_access_token` (read 2026-11-28). Adds its routes to the
blueprint of `api`. Forms of templates are the Official Account's matter and not looked at here; who agreed to what is not either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from sandbox import tencent_messages
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE, Person
from sandbox.platforms.wechat_component.api import OWN, answer, answer_error, blueprint, token_problem
from sandbox.platforms.wechat_component.authorisations import is_authorised
from sandbox.state import SandboxState, current_state

PREFIX = "wechat_component.wx"
TEXT_BYTES = 2048


@blueprint.post("/cgi-bin/message/custom/send", endpoint="message")
def custom_send() -> Response:
    """Takes a customer service message."""
    body = _body()
    kind = str(body.get("msgtype"))
    content = body.get(kind)
    if not isinstance(content, dict):
        return answer_error(47001)
    text = str(content.get("content") or content.get("title") or f"[{kind}]")
    if len(text.encode()) > TEXT_BYTES:
        return answer_error(45002)
    return _taken(body, kind, text, numbered=False)


@blueprint.post("/cgi-bin/message/template/send", endpoint="template_message")
def template_send() -> Response:
    """Takes a template message."""
    return _form("template")


@blueprint.post("/cgi-bin/message/subscribe/bizsend", endpoint="subscribed_message")
def subscribed_send() -> Response:
    """Takes a subscribed message of an Official Account."""
    return _form("subscribe")


@blueprint.post("/cgi-bin/message/subscribe/send", endpoint="program_message")
def program_send() -> Response:
    """Takes a subscribed message of a Mini Program."""
    return _form("mini_subscribe")


def _form(kind: str) -> Response:
    body = _body()
    data = body.get("data")
    if not body.get("template_id") or not isinstance(data, dict):
        return answer_error(47001)
    lines = [str(each.get("value", "")) for each in data.values() if isinstance(each, dict)]
    return _taken(body, kind, "\n".join(lines), numbered=True)


def _taken(body: Mapping[str, Any], kind: str, text: str, *, numbered: bool) -> Response:
    """Delivers a message for the account whose token the call carries; any receiver is taken that an account could know."""
    state = current_state()
    account = _account(state)
    if isinstance(account, int):
        return answer_error(account)
    if not is_authorised(state, account):
        return answer_error(61003)
    if not body.get("touser"):
        return answer_error(40003)
    person = _person(account, str(body["touser"]))
    with state.lock:
        state.messages.append({"platform": OWN, "body": dict(body)})
        number = 2_000_000_000_000_000_000 + len(state.messages)
    shown = person.key if person else str(body["touser"])
    title = f"{person.name_zh} · {person.name_en}" if person else shown
    state.inbox.keep(
        Delivered(
            platform="wechat-component",
            conversation=f"{account}:{shown}",
            conversation_title=f"{title} ({account})",
            kind=kind,
            text=text,
            raw=dict(body),
            at=state.now(),
            id=str(number),
        )
    )
    return answer({"errcode": 0, "errmsg": "ok", **({"msgid": number} if numbered else {})})


def _account(state: SandboxState) -> str | int:
    """Returns the account that a token stands for, or the errcode of one that is not good."""
    value = request.args.get("access_token", "")
    with state.lock:
        names = [name for name in state.app_tokens if name.startswith(PREFIX)]
    problems = []
    for name in names:
        problem = token_problem(state, name, value)
        if problem is None:
            return name.removeprefix("wechat_component.")
        problems.append(problem)
    return 42001 if 42001 in problems else 40014


def _person(account: str, open_id: str) -> Person | None:
    return next((each for each in PEOPLE if tencent_messages.identifier(account, each.key) == open_id), None)


def _body() -> dict[str, Any]:
    found = request.get_json(force=True, silent=True)
    return found if isinstance(found, dict) else {}
