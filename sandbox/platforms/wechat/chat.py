"""The official account's chat as the simulated phone shows it: what a press causes, and who follows because of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.people import PEOPLE, find_person
from sandbox.platforms.wechat.people import find_by_open_id, open_id
from sandbox.simulated import Action, Chat, Order
from sandbox.state import SandboxState
from sandbox.tencent_windows import ACCOUNT_WINDOWS, remember_event
from sandbox.words import Words

NAME = "wechat"
TEMPLATE = "sandbox_order"
"""What the samples about agreements name."""


def remember(state: SandboxState, order: Order) -> None:
    """Remembers who follows the account after an event of theirs was sent, and what it may write to them."""
    app_id = state.settings["WECHAT_APP_ID"]
    person = find_person(order.person) or PEOPLE[0]
    named = find_by_open_id(str(order.data.get("FromUserName", "")), app_id) or person
    key = named.key
    remember_event(state, open_id(named, app_id), order, ACCOUNT_WINDOWS, TEMPLATE)
    with state.lock:
        if order.type == "subscribe":
            state.followers(NAME).setdefault(key, state.now())
        elif order.type == "unsubscribe":
            state.followers(NAME).pop(key, None)


def _event(action: Action) -> tuple[str, dict[str, Any]]:
    """A follower's scan is `SCAN`; anybody else follows by it, which is `subscribe` with another kind of key."""
    if action.ticket is not None:
        scene, ticket = action.ticket.scene, action.ticket.ticket
        if action.follows:
            return "SCAN", {"EventKey": scene, "Ticket": ticket}
        return "subscribe", {"EventKey": f"qrscene_{scene}", "Ticket": ticket}
    if action.kind == "text":
        return "message.text", {"Content": action.text}
    return {"follow": "subscribe", "unfollow": "unsubscribe", "click": "CLICK"}[action.kind], {}


def _reply_text(reply: Mapping[str, Any]) -> str:
    if reply.get("MsgType") == "text":
        return str(reply.get("Content") or "")
    return f"[{reply.get('MsgType')}]"


CHAT = Chat(
    title=Words("Official account", "公众号"),
    account=lambda settings: settings["WECHAT_ORIGINAL_ID"],
    identifier=lambda person, settings: open_id(person, settings["WECHAT_APP_ID"]),
    event=_event,
    reply_text=_reply_text,
    failure=Words(
        "The service of this account is faulty, try again later",
        "该公众号提供的服务出现故障，请稍后再试",
    ),
    # Five seconds and three deliveries: developers.weixin.qq.com, "Message push" (read 2026-11-20).
    patience_seconds=5.0,
    deliveries=3,
)
