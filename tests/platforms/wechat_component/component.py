"""Builders for the tests of the third-party platform: an opened channel, requests to its two addresses, what came of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app.core.values import InboundRequest, Reply
from app.platforms.wechat_component import PLATFORM, ComponentConnector
from sandbox import tencent_messages as signer
from tests.platforms.callback_cases import NOW

STAMP = str(int(NOW.timestamp()))
NONCE = "1372623149"
APP_ID = "wxcomponent00000001"
SECRET = "component-secret-0001"
TOKEN = "gatewayToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_AES_KEY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
ACCOUNT, ORIGINAL_ID = "wxauthorised0000001", "gh_authorised01"
SETTINGS = {
    "component_app_id": APP_ID,
    "component_app_secret": SECRET,
    "token": TOKEN,
    "encoding_aes_key": AES_KEY,
}
VECTORS: Mapping[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


def component(**keys: Any) -> ComponentConnector:
    opened = PLATFORM.open("component", PLATFORM.settings.model_validate(SETTINGS | keys))
    assert isinstance(opened, ComponentConnector)
    return opened


def xml(**fields: Any) -> bytes:
    return signer.build_xml(fields).encode()


def own_event(info_type: str, **fields: Any) -> bytes:
    return xml(**({"AppId": APP_ID, "CreateTime": int(STAMP), "InfoType": info_type} | fields))


def message(**fields: Any) -> bytes:
    usual = {
        "ToUserName": ORIGINAL_ID,
        "FromUserName": "oOpenId01",
        "CreateTime": int(STAMP),
        "MsgType": "text",
        "Content": "你好",
    }
    return xml(**(usual | fields))


def encrypted(text: bytes, *, aes_key: str = AES_KEY, receive_id: str = APP_ID) -> str:
    return signer.encrypt(text, aes_key, receive_id, b"0123456789abcdef")


def request_for(ciphertext: str, account: str | None = None, *, token: str = TOKEN) -> InboundRequest:
    """Return the delivery of a ciphertext: to the channel's own address, or below it for an account."""
    query = {
        "signature": signer.signature(token, STAMP, NONCE),
        "timestamp": STAMP,
        "nonce": NONCE,
        "encrypt_type": "aes",
        "msg_signature": signer.message_signature(token, STAMP, NONCE, ciphertext),
    }
    outer = {"AppId": APP_ID} if account is None else {"ToUserName": ORIGINAL_ID}
    return InboundRequest(
        method="POST",
        path="/webhooks/component" if account is None else f"/webhooks/component/{account}",
        query_string=urlencode(query),
        headers=(("Content-Type", "text/xml"),),
        body=xml(**outer, Encrypt=ciphertext),
        remote_addr="203.0.113.9",
        received_at=NOW,
    )


def sent(text: bytes, account: str | None = None) -> InboundRequest:
    """Return a callback with this text, signed and encrypted."""
    return request_for(encrypted(text), account)


def opened(reply: Reply) -> dict[str, Any]:
    return signer.open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY, receive_id=APP_ID)
