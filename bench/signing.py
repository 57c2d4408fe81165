"""Requests signed beforehand by the simulator's signers, which share nothing with app/.

The identifiers are hashes, so that they fall all over an index, as those of real platforms do.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from urllib.parse import urlencode

from bench.accounts import (
    CALLBACK_SECRET,
    CALLBACK_TYPE,
    FEISHU_APP_ID,
    FEISHU_KEY,
    FEISHU_TOKEN,
    FEISHU_TYPE,
    SOURCE,
    SOURCE_SECRET,
    SOURCE_TYPE,
    WECHAT_AES_KEY,
    WECHAT_APP_ID,
    WECHAT_TOKEN,
)
from bench.load import post
from sandbox.platforms.callback import signer as callback_signer
from sandbox.platforms.feishu import signer as feishu_signer
from sandbox.platforms.wechat import signer as wechat_signer
from sandbox.sources import files as source_files
from sandbox.sources import signing as source_signer

EVENT_BYTES = 1024
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
    """Return a unified callback, signed with HMAC-SHA256 over its body; the bare digest, as every peer takes it."""
    body = callback_body(identifier)
    digest = callback_signer.body_headers(CALLBACK_SECRET, body)["X-Signature"].removeprefix("sha256=")
    return post(path, body, JSON_TYPE | {"X-Signature": digest})


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
    """Return an encrypted, signed Feishu event."""
    body = feishu_signer.envelope(feishu_event(identifier), FEISHU_KEY)
    timestamp, nonce = str(int(time.time())), identifier[:10]
    signature = feishu_signer.event_signature(timestamp, nonce, FEISHU_KEY, body)
    return post(path, body, JSON_TYPE | feishu_signer.headers(timestamp, nonce, signature))


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
    """Return a message in safe mode: sealed, with both signatures in the query."""
    sealed = wechat_signer.encrypt(wechat_message(identifier), WECHAT_AES_KEY, WECHAT_APP_ID)
    timestamp, nonce = str(int(time.time())), identifier[:10]
    query = {
        "signature": wechat_signer.signature(WECHAT_TOKEN, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": "oBench0000000000000000000001",
        "encrypt_type": "aes",
        "msg_signature": wechat_signer.message_signature(WECHAT_TOKEN, timestamp, nonce, sealed),
    }
    body = wechat_signer.build_body({"ToUserName": "gh_be9c40000001", "Encrypt": sealed}, "xml")
    return post(f"{path}?{urlencode(query)}", body, {"Content-Type": "text/xml"})


def source(identifier: str, *, path: str = "/webhooks/source") -> bytes:
    """Return an event of 1 KB from a sender that is described by data."""

    def make(note: str) -> bytes:
        content = {"object": {"id": "cs_test_a1", "amount_total": 2599, "currency": "cny", "note": note}}
        return _compact(
            {
                "id": identifier,
                "object": "event",
                "created": 1_763_640_000,
                "data": content,
                "type": SOURCE_TYPE,
            }
        )

    described = source_files.source(SOURCE)
    sample = described["sample"] | {"body": _filled(make).decode()}
    fired = source_signer.fire(
        described | {"sample": sample},
        now=time.time(),
        identifier=identifier,
        address="",
        settings={"secret": SOURCE_SECRET},
    )
    return post(path, fired.body, fired.headers)


MAKERS: dict[str, Maker] = {"callback": callback, "feishu": feishu, "wechat": wechat, "source": source}


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
