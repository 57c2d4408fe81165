"""The sample events a person or a test can fire, per platform, as plain values.

Bodies only, before signing and encryption, which `fire` adds. Shapes follow the platforms' own samples
(read 2026-11-20).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.people import Person
from sandbox.settings import SandboxSettings

TENANT_KEY = "736588c9260f175e"


@dataclass(frozen=True)
class Moment:
    """What a sample is built from."""

    settings: SandboxSettings
    person: Person
    now: float


@dataclass(frozen=True)
class Sample:
    """One kind of event that can be fired."""

    platform: str
    type: str
    title_en: str
    title_zh: str
    build: Callable[[Moment], dict[str, Any]]


def find_sample(platform: str, event_type: str) -> Sample | None:
    """Returns the sample of this platform and type."""
    wanted = (platform, event_type)
    return next((sample for sample in SAMPLES if (sample.platform, sample.type) == wanted), None)


def _feishu(moment: Moment, event_type: str, event: dict[str, Any]) -> dict[str, Any]:
    digits = 1_000_000 if event_type == "card.action.trigger" else 1000
    header = {
        "event_id": secrets.token_hex(16),
        "token": moment.settings.feishu_verification_token,
        "create_time": str(int(moment.now * digits)),
        "event_type": event_type,
        "tenant_key": TENANT_KEY,
        "app_id": moment.settings.feishu_app_id,
    }
    return {"schema": "2.0", "header": header, "event": event}


def _feishu_ids(moment: Moment) -> dict[str, str]:
    person = moment.person
    return {
        "open_id": person.feishu_open_id(moment.settings.feishu_app_id),
        "union_id": person.feishu_union_id,
        "user_id": person.feishu_user_id,
    }


def _feishu_message(moment: Moment) -> dict[str, Any]:
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
    sender = {"sender_id": _feishu_ids(moment), "sender_type": "user", "tenant_key": TENANT_KEY}
    return _feishu(moment, "im.message.receive_v1", {"message": message, "sender": sender})


def _feishu_user_created(moment: Moment) -> dict[str, Any]:
    person = {
        **_feishu_ids(moment),
        "name": moment.person.name_zh,
        "en_name": moment.person.name_en,
        "department_ids": ["od-sandbox"],
        "status": {"is_activated": True, "is_frozen": False, "is_resigned": False},
    }
    return _feishu(moment, "contact.user.created_v3", {"object": person})


def _feishu_chat_created(moment: Moment) -> dict[str, Any]:
    ids = _feishu_ids(moment)
    event = {
        "type": "p2p_chat_create",
        "app_id": moment.settings.feishu_app_id,
        "tenant_key": TENANT_KEY,
        "chat_id": "oc_" + secrets.token_hex(16),
        "operator": {"open_id": ids["open_id"], "user_id": ids["user_id"]},
        "user": {"name": moment.person.name_zh, "open_id": ids["open_id"], "user_id": ids["user_id"]},
    }
    return {
        "ts": f"{moment.now:.7f}",
        "uuid": secrets.token_hex(16),
        "token": moment.settings.feishu_verification_token,
        "type": "event_callback",
        "event": event,
    }


def _feishu_card(moment: Moment) -> dict[str, Any]:
    event = {
        "operator": {"tenant_key": TENANT_KEY, **_feishu_ids(moment)},
        "token": "c-" + secrets.token_hex(20),
        "action": {"value": {"answer": "yes"}, "tag": "button"},
        "host": "im_message",
        "context": {
            "open_message_id": "om_" + secrets.token_hex(16),
            "open_chat_id": "oc_" + secrets.token_hex(16),
        },
    }
    return _feishu(moment, "card.action.trigger", event)


def _feishu_old_card(moment: Moment) -> dict[str, Any]:
    ids = _feishu_ids(moment)
    return {
        "open_id": ids["open_id"],
        "user_id": ids["user_id"],
        "open_message_id": "om_" + secrets.token_hex(16),
        "tenant_key": TENANT_KEY,
        "token": "c-" + secrets.token_hex(20),
        "action": {"value": {"answer": "yes"}, "tag": "button"},
    }


def _feishu_challenge(moment: Moment) -> dict[str, Any]:
    token = moment.settings.feishu_verification_token
    return {"challenge": secrets.token_urlsafe(16), "token": token, "type": "url_verification"}


def _wechat(kind: str, **members: Any) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "ToUserName": moment.settings.wechat_original_id,
            "FromUserName": moment.person.wechat_open_id(moment.settings.wechat_app_id),
            "CreateTime": int(moment.now),
            "MsgType": kind,
            **members,
        }
        if kind != "event":
            fields["MsgId"] = 24_000_000_000_000_000 + secrets.randbelow(10**15)
        return fields

    return build


def _unified(event_type: str, data: Callable[[Moment], dict[str, Any]]) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "event_id": "evt_" + secrets.token_hex(12),
            "event_type": event_type,
            "timestamp": int(moment.now),
            "data": data(moment),
        }

    return build


def _authorized(moment: Moment) -> dict[str, Any]:
    return {"user_id": str(moment.person.number), "username": moment.person.key, "scope": "profile balance"}


def _payment(moment: Moment) -> dict[str, Any]:
    return {
        "order_id": "ord_" + secrets.token_hex(8),
        "user_id": str(moment.person.number),
        "amount": 1999,
        "currency": "CNY",
        "status": "paid",
    }


def _message(moment: Moment) -> dict[str, Any]:
    return {
        "message_id": "msg_" + secrets.token_hex(8),
        "from": moment.person.key,
        "content": "你好, gateway",
    }


def _invoice(moment: Moment) -> dict[str, Any]:
    return {
        "type": "invoice.paid",
        "timestamp": datetime.fromtimestamp(moment.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "data": {"id": "inv_" + secrets.token_hex(6), "total": "9.90", "customer": moment.person.key},
    }


SAMPLES: tuple[Sample, ...] = (
    Sample("feishu", "im.message.receive_v1", "A message to the bot", "机器人收到消息", _feishu_message),
    Sample("feishu", "contact.user.created_v3", "A new colleague", "员工入职", _feishu_user_created),
    Sample(
        "feishu",
        "p2p_chat_create",
        "First chat (old v1 event)",
        "首次会话（旧版 v1 事件）",
        _feishu_chat_created,
    ),
    Sample("feishu", "card.action.trigger", "A click on a card", "点击消息卡片", _feishu_card),
    Sample("feishu", "card.action.trigger_v1", "A click on an old card", "点击旧版卡片", _feishu_old_card),
    Sample("feishu", "url_verification", "Check of the address", "校验请求地址", _feishu_challenge),
    Sample("wechat", "message.text", "A text message", "文本消息", _wechat("text", Content="你好 gateway")),
    Sample(
        "wechat", "subscribe", "Somebody follows", "关注", _wechat("event", Event="subscribe", EventKey="")
    ),
    Sample(
        "wechat",
        "SCAN",
        "A follower scans a QR code",
        "已关注用户扫码",
        _wechat("event", Event="SCAN", EventKey="sandbox_scene", Ticket="gQSANDBOX"),
    ),
    Sample(
        "wechat",
        "unsubscribe",
        "Somebody unfollows",
        "取消关注",
        _wechat("event", Event="unsubscribe", EventKey=""),
    ),
    Sample(
        "wechat",
        "CLICK",
        "A click on the menu",
        "点击菜单",
        _wechat("event", Event="CLICK", EventKey="menu_help"),
    ),
    Sample("wechat", "url_verification", "Check of the address (GET)", "校验服务器地址（GET）", lambda _: {}),
    Sample(
        "callback",
        "user_authorized",
        "A user gave authorization",
        "用户授权",
        _unified("user_authorized", _authorized),
    ),
    Sample(
        "callback", "payment_notify", "A payment arrived", "支付通知", _unified("payment_notify", _payment)
    ),
    Sample(
        "callback",
        "webhook_message",
        "A message from a webhook",
        "Webhook 消息",
        _unified("webhook_message", _message),
    ),
    Sample("standard-webhooks", "invoice.paid", "An invoice was paid", "发票已支付", _invoice),
)
