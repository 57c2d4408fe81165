"""What the simulated Feishu sends: events, card clicks and the check of an address, signed and encrypted.

Shapes follow the platform's own samples (read 2026-11-20).
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from sandbox.platforms.feishu import people, signer
from sandbox.platforms.feishu.api import TENANT_KEY
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words


def _event(moment: Moment, event_type: str, event: dict[str, Any]) -> dict[str, Any]:
    digits = 1_000_000 if event_type == "card.action.trigger" else 1000
    header = {
        "event_id": secrets.token_hex(16),
        "token": moment.settings["FEISHU_VERIFICATION_TOKEN"],
        "create_time": str(int(moment.now * digits)),
        "event_type": event_type,
        "tenant_key": TENANT_KEY,
        "app_id": moment.settings["FEISHU_APP_ID"],
    }
    return {"schema": "2.0", "header": header, "event": event}


def _ids(moment: Moment) -> dict[str, str]:
    person = moment.person
    return {
        "open_id": people.open_id(person, moment.settings["FEISHU_APP_ID"]),
        "union_id": people.union_id(person),
        "user_id": people.user_id(person),
    }


def _message(moment: Moment) -> dict[str, Any]:
    milliseconds = str(int(moment.now * 1000))
    message = {
        "message_id": "om_" + secrets.token_hex(16),
        "chat_id": "oc_" + secrets.token_hex(16),
        "chat_type": "p2p",
        "message_type": "text",
        "content": json.dumps({"text": "你好"}, ensure_ascii=False),
        "create_time": milliseconds,
        "update_time": milliseconds,
    }
    sender = {"sender_id": _ids(moment), "sender_type": "user", "tenant_key": TENANT_KEY}
    return _event(moment, "im.message.receive_v1", {"message": message, "sender": sender})


def _user_created(moment: Moment) -> dict[str, Any]:
    person = {
        **_ids(moment),
        "name": moment.person.name_zh,
        "en_name": moment.person.name_en,
        "department_ids": ["od-sandbox"],
        "status": {"is_activated": True, "is_frozen": False, "is_resigned": False},
    }
    return _event(moment, "contact.user.created_v3", {"object": person})


def _chat_created(moment: Moment) -> dict[str, Any]:
    ids = _ids(moment)
    event = {
        "type": "p2p_chat_create",
        "app_id": moment.settings["FEISHU_APP_ID"],
        "tenant_key": TENANT_KEY,
        "chat_id": "oc_" + secrets.token_hex(16),
        "operator": {"open_id": ids["open_id"], "user_id": ids["user_id"]},
        "user": {"name": moment.person.name_zh, "open_id": ids["open_id"], "user_id": ids["user_id"]},
    }
    return {
        "ts": f"{moment.now:.7f}",
        "uuid": secrets.token_hex(16),
        "token": moment.settings["FEISHU_VERIFICATION_TOKEN"],
        "type": "event_callback",
        "event": event,
    }


def _card(moment: Moment) -> dict[str, Any]:
    event = {
        "operator": {"tenant_key": TENANT_KEY, **_ids(moment)},
        "token": "c-" + secrets.token_hex(20),
        "action": {"value": {"answer": "yes"}, "tag": "button"},
        "host": "im_message",
        "context": {
            "open_message_id": "om_" + secrets.token_hex(16),
            "open_chat_id": "oc_" + secrets.token_hex(16),
        },
    }
    return _event(moment, "card.action.trigger", event)


def _old_card(moment: Moment) -> dict[str, Any]:
    ids = _ids(moment)
    return {
        "open_id": ids["open_id"],
        "user_id": ids["user_id"],
        "open_message_id": "om_" + secrets.token_hex(16),
        "tenant_key": TENANT_KEY,
        "token": "c-" + secrets.token_hex(20),
        "action": {"value": {"answer": "yes"}, "tag": "button"},
    }


def _challenge(moment: Moment) -> dict[str, Any]:
    token = moment.settings["FEISHU_VERIFICATION_TOKEN"]
    return {"challenge": secrets.token_urlsafe(16), "token": token, "type": "url_verification"}


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    plain = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    key = settings["FEISHU_ENCRYPT_KEY"] if order.options.get("encrypted", True) else ""
    body = signer.envelope(plain, key) if key else plain
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(9 * 10**9) + 10**9)
    headers = {"Content-Type": "application/json;charset=utf-8", "User-Agent": "Go-http-client/1.1"}
    event_id = str(fields.get("header", {}).get("event_id") or fields.get("uuid") or "")
    if order.type == "card.action.trigger_v1":
        body = plain
        signature = signer.card_signature(timestamp, nonce, settings["FEISHU_VERIFICATION_TOKEN"], body)
        headers |= signer.headers(timestamp, nonce, signature)
        event_id = str(fields.get("open_message_id", ""))
    elif order.type != "url_verification":
        headers |= signer.headers(timestamp, nonce, signer.event_signature(timestamp, nonce, key, body))
    return Outgoing("POST", path, headers, body, event_id)


CALLBACKS = Callbacks(
    samples=(
        Sample("im.message.receive_v1", Words("A message to the bot", "机器人收到消息"), _message),
        Sample("contact.user.created_v3", Words("A new colleague", "员工入职"), _user_created),
        Sample(
            "p2p_chat_create", Words("First chat (old v1 event)", "首次会话（旧版 v1 事件）"), _chat_created
        ),
        Sample("card.action.trigger", Words("A click on a card", "点击消息卡片"), _card),
        Sample("card.action.trigger_v1", Words("A click on an old card", "点击旧版卡片"), _old_card),
        Sample("url_verification", Words("Check of the address", "校验请求地址"), _challenge),
    ),
    sign=_sign,
)
