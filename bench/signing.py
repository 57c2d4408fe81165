"""Requests signed beforehand, as the platforms sign them; written from the protocols alone, sharing nothing with app/.

The identifiers are hashes, so that they fall all over an index, as those of real platforms do. The credentials are
made up for the benchmark.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import time
from collections.abc import Callable
from urllib.parse import urlencode

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bench.load import post

CALLBACK_SECRET = "bench-callback-5d1f83a7c2"
CALLBACK_TYPE = "bench_event"
FEISHU_APP_ID = "cli_bench0000000001"
FEISHU_TOKEN = "benchVerificationToken7f31"
FEISHU_KEY = "bench-encrypt-key-91c4"
FEISHU_TYPE = "im.message.receive_v1"
WECHAT_APP_ID = "wx0be9c40000000001"
WECHAT_TOKEN = "benchWechatToken42"
WECHAT_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
EVENT_BYTES = 1024
WECHAT_BLOCK = 32
JSON_TYPE = {"Content-Type": "application/json"}

Maker = Callable[[str], bytes]
"""Makes one whole request around an identifier."""


def identifiers(run: str, count: int) -> list[str]:
    """Return identifiers of one run, spread evenly."""
    return [hashlib.sha256(f"{run}/{number}".encode()).hexdigest()[:32] for number in range(count)]


def _compact(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _filled(make: Callable[[str], bytes]) -> bytes:
    """Return what `make` builds around a filling that brings it to 1 KB."""
    return make("x" * (EVENT_BYTES - len(make(""))))


def callback_body(identifier: str) -> bytes:
    """Return a unified envelope of 1 KB."""

    def make(note: str) -> bytes:
        data = {"user_id": "user_1", "amount": 1250, "note": note}
        stamp = 1_763_640_000
        return _compact(
            {"event_id": identifier, "event_type": CALLBACK_TYPE, "timestamp": stamp, "data": data}
        )

    return _filled(make)


def callback(identifier: str, *, path: str = "/webhooks/callback") -> bytes:
    """Return a unified callback, signed with HMAC-SHA256 over its body."""
    body = callback_body(identifier)
    signature = hmac.new(CALLBACK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return post(path, body, JSON_TYPE | {"X-Signature": signature})


def feishu_event(identifier: str) -> bytes:
    """Return a received message of 1 KB, in Feishu's own words."""

    def make(text: str) -> bytes:
        header = {
            "event_id": identifier,
            "event_type": FEISHU_TYPE,
            "create_time": "1763640000000",
            "token": FEISHU_TOKEN,
            "app_id": FEISHU_APP_ID,
            "tenant_key": "736588c9260f175d",
        }
        message = {
            "message_id": f"om_{identifier}",
            "create_time": "1763640000000",
            "chat_id": "oc_5ce6d572455d361153b7xx51da133945",
            "chat_type": "group",
            "message_type": "text",
            "content": json.dumps({"text": text}),
        }
        sender = {"sender_id": {"open_id": "ou_84aad35d084aa403a838cf73ee18467"}, "sender_type": "user"}
        return _compact({"schema": "2.0", "header": header, "event": {"sender": sender, "message": message}})

    return _filled(make)


def feishu(identifier: str, *, path: str = "/webhooks/feishu") -> bytes:
    """Return an encrypted, signed Feishu event (AES-256-CBC; SHA-256 over timestamp, nonce, key and body)."""
    padder = padding.PKCS7(128).padder()
    padded = padder.update(feishu_event(identifier)) + padder.finalize()
    iv = os.urandom(16)
    encryptor = Cipher(
        algorithms.AES(hashlib.sha256(FEISHU_KEY.encode()).digest()), modes.CBC(iv)
    ).encryptor()
    sealed = base64.b64encode(iv + encryptor.update(padded) + encryptor.finalize())
    body = b'{"encrypt":"' + sealed + b'"}'
    timestamp, nonce = str(int(time.time())), identifier[:10]
    signature = hashlib.sha256(f"{timestamp}{nonce}{FEISHU_KEY}".encode() + body).hexdigest()
    stamp = {
        "X-Lark-Request-Timestamp": timestamp,
        "X-Lark-Request-Nonce": nonce,
        "X-Lark-Signature": signature,
    }
    return post(path, body, JSON_TYPE | stamp)


def wechat_message(identifier: str) -> bytes:
    """Return a text message of 1 KB; its MsgId is a number of 64 bits, as WeChat's are."""
    number = int(identifier[:15], 16)

    def make(text: str) -> bytes:
        return (
            "<xml><ToUserName><![CDATA[gh_be9c40000001]]></ToUserName>"
            "<FromUserName><![CDATA[oBench0000000000000000000001]]></FromUserName>"
            "<CreateTime>1763640000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
            f"<Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId></xml>"
        ).encode()

    return _filled(make)


def wechat(identifier: str, *, path: str = "/wechat/wechat") -> bytes:
    """Return a message in safe mode: sealed with AES-256-CBC, both signatures in the query."""
    message = wechat_message(identifier)
    content = os.urandom(16) + len(message).to_bytes(4, "big") + message + WECHAT_APP_ID.encode()
    missing = WECHAT_BLOCK - len(content) % WECHAT_BLOCK
    key = base64.b64decode(WECHAT_AES_KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = base64.b64encode(
        encryptor.update(content + bytes([missing]) * missing) + encryptor.finalize()
    ).decode()
    timestamp, nonce = str(int(time.time())), identifier[:10]
    query = {
        "signature": _sorted_sha1(WECHAT_TOKEN, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": "oBench0000000000000000000001",
        "encrypt_type": "aes",
        "msg_signature": _sorted_sha1(WECHAT_TOKEN, timestamp, nonce, sealed),
    }
    body = (
        "<xml><ToUserName><![CDATA[gh_be9c40000001]]></ToUserName>"
        f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    ).encode()
    return post(f"{path}?{urlencode(query)}", body, {"Content-Type": "text/xml"})


def _sorted_sha1(*values: str) -> str:
    return hashlib.sha1("".join(sorted(values)).encode()).hexdigest()


MAKERS: dict[str, Maker] = {"callback": callback, "feishu": feishu, "wechat": wechat}


def signed(kind: str, run: str, count: int) -> list[bytes]:
    """Return different requests of one kind."""
    make = MAKERS[kind]
    return [make(identifier) for identifier in identifiers(run, count)]


def half_repeated(kind: str, run: str, count: int) -> list[bytes]:
    """Return requests of which every second one is a copy of an earlier one, a few hundred places behind it."""
    make, order = MAKERS[kind], random.Random(run)
    firsts = [make(identifier) for identifier in identifiers(run, (count + 1) // 2)]
    mixed: list[bytes] = []
    for number, first in enumerate(firsts):
        mixed += [first, firsts[order.randrange(max(0, number - 200), number + 1)]]
    return mixed[:count]
