"""Builders for the Mini Program tests: an opened program, and a push as the simulator's signer makes it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from app.core.values import InboundRequest
from app.platforms import discover
from sandbox import tencent_messages as signer
from tests.platforms.deliveries import NOW

APP_ID = "wx4f4bc4dec97d474b"
TOKEN = "miniProgramToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
STAMP, NONCE = str(int(NOW.timestamp())), "415670741"
SETTINGS = {
    "app_id": APP_ID,
    "app_secret": "s3cret",
    "token": TOKEN,
    "encoding_aes_key": AES_KEY,
    "mode": "safe",
}
MESSAGE = {
    "ToUserName": "gh_0123456789ab",
    "FromUserName": "oTestOpenId_0000000000000001",
    "CreateTime": int(STAMP),
    "MsgType": "text",
    "Content": "你好",
    "MsgId": 24000000000000001,
}


def opened(**keys: Any) -> Any:
    spec = discover()["wechat-mini"]
    return spec.open("mini", spec.settings.model_validate(SETTINGS | keys))


def request(query: dict[str, str], body: bytes, method: str = "POST") -> InboundRequest:
    return InboundRequest(method, "/webhooks/mini", urlencode(query), (), body, "203.0.113.9", NOW)


def plain(body: bytes, **more: str) -> InboundRequest:
    signature = signer.signature(TOKEN, STAMP, NONCE)
    return request({"signature": signature, "timestamp": STAMP, "nonce": NONCE, **more}, body)


def sealed(body: bytes, data_format: str = "xml", app_id: str = APP_ID) -> InboundRequest:
    ciphertext = signer.encrypt(body, AES_KEY, app_id)
    signature = signer.message_signature(TOKEN, STAMP, NONCE, ciphertext)
    envelope = signer.build_body({"ToUserName": "gh_0123456789ab", "Encrypt": ciphertext}, data_format)
    return plain(envelope, encrypt_type="aes", msg_signature=signature)


def message(data_format: str = "json", **fields: Any) -> bytes:
    return signer.build_body(MESSAGE | fields, data_format)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
