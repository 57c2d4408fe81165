"""Builders for the tests of bots: an opened channel, requests to it, what came of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from app.core.values import InboundRequest
from app.platforms.wecom_aibot import PLATFORM
from app.platforms.wecom_aibot.callbacks import AibotCallbacks
from sandbox import tencent_messages as signer
from sandbox.platforms.wecom_aibot.firing import open_reply
from tests.platforms.callback_cases import NOW, answered

STAMP = str(int(NOW.timestamp()))
NONCE = "1372623149"
BOT = "aibBot0000000000001"
TOKEN = "gatewayToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_AES_KEY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
SETTINGS = {"aibotid": BOT, "token": TOKEN, "encoding_aes_key": AES_KEY}


def bot(**keys: Any) -> AibotCallbacks:
    opened = PLATFORM.open("bot", PLATFORM.settings.model_validate(SETTINGS | keys))
    assert isinstance(opened, AibotCallbacks)
    return opened


def message(kind: str = "text", **fields: Any) -> bytes:
    usual = {
        "msgid": "CAIQ16HM/NGag=",
        "aibotid": BOT,
        "chattype": "single",
        "from": {"userid": "zhangsan"},
        "msgtype": kind,
        kind: {"content": "你好"},
    }
    return json.dumps(usual | fields, ensure_ascii=False).encode()


def event(name: str, **fields: Any) -> bytes:
    what = {"eventtype": name, name: {"task_id": "t1"}}
    return message("event", event=what, create_time=int(STAMP), **fields)


def encrypted(text: bytes, *, aes_key: str = AES_KEY, receive_id: str = "") -> str:
    return signer.encrypt(text, aes_key, receive_id, b"0123456789abcdef")


def proven(ciphertext: str, *, method: str = "POST", body: bytes | None = None) -> InboundRequest:
    """Return the delivery of a ciphertext, in a bot's envelope unless another body is given."""
    query = {
        "msg_signature": signer.message_signature(TOKEN, STAMP, NONCE, ciphertext),
        "timestamp": STAMP,
        "nonce": NONCE,
    }
    is_check = method == "GET"
    envelope = json.dumps({"encrypt": ciphertext}).encode() if body is None else body
    return InboundRequest(
        method=method,
        path="/webhooks/bot",
        query_string=urlencode(query | ({"echostr": ciphertext} if is_check else {})),
        headers=(("Content-Type", "application/json"),),
        body=b"" if is_check else envelope,
        remote_addr="203.0.113.9",
        received_at=NOW,
    )


def sent(text: bytes) -> InboundRequest:
    """Return a message or an event, signed and encrypted."""
    return proven(encrypted(text))


def reply_to(text: bytes, data: Any) -> Mapping[str, Any] | None:
    """Return what a handler's result says to the person, opened again; None for an empty answer."""
    reply = answered(bot(), sent(text), data)
    assert reply.status == 200
    if not reply.body:
        return None
    assert reply.content_type == "application/json"
    return open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY)
