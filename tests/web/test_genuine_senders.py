"""Requests made by independent libraries are accepted over real HTTP, and each altered byte is refused."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import requests
from standardwebhooks import Webhook

from sandbox.platforms.wechat.signer import signature
from tests.live import LiveGateway
from tests.platforms.feishu.signing import event_signature, seal, stamped
from tests.web.conftest import (
    FEISHU_KEY,
    FEISHU_TOKEN,
    STANDARD_SECRET,
    WECHAT_APP,
    WECHAT_KEY,
    WECHAT_TOKEN,
    Api,
)

ALTERED = 60


def altered(body: bytes, seed: int) -> list[bytes]:
    """Return copies with one byte changed, spread over the whole body."""
    chosen = random.Random(seed).sample(range(len(body)), min(ALTERED, len(body)))
    return [body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] for at in chosen]


def post(live: LiveGateway, path: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
    return requests.post(f"{live.url}{path}", data=body, headers=dict(headers), timeout=10)


def test_standard_webhooks_signed_by_its_own_library(live: LiveGateway, api: Api) -> None:
    body = json.dumps({"type": "invoice.paid", "timestamp": "2026-11-20T12:00:00Z", "data": {"id": 7}})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_lib_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(STANDARD_SECRET).sign("msg_lib_1", now, body),
    }
    assert post(live, "/webhooks/webhooks", body.encode(), headers).status_code == 200
    before = api.count_events()
    for copy in altered(body.encode(), seed=1):
        assert post(live, "/webhooks/webhooks", copy, headers).status_code == 401
    assert api.count_events() == before


def test_a_wechat_message_encrypted_by_wechatpy(live: LiveGateway, api: Api) -> None:
    from wechatpy.crypto import WeChatCrypto

    timestamp, nonce = str(int(time.time())), "n0nce123"
    message = (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oUser1]]></FromUserName>"
        f"<CreateTime>{timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        "<Content><![CDATA[你好]]></Content><MsgId>24000000000000001</MsgId></xml>"
    )
    sealed = WeChatCrypto(WECHAT_TOKEN, WECHAT_KEY, WECHAT_APP).encrypt_message(message, nonce, timestamp)
    import xmltodict

    outer = xmltodict.parse(sealed)["xml"]
    body = f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{outer['Encrypt']}]]></Encrypt></xml>"
    plain = signature(WECHAT_TOKEN, timestamp, nonce)
    query = f"signature={plain}&timestamp={timestamp}&nonce={nonce}&encrypt_type=aes"
    path = f"/wechat/wechat?{query}&msg_signature={outer['MsgSignature']}"
    answer = post(live, path, body.encode(), {"Content-Type": "text/xml"})
    assert answer.status_code == 200
    crypto = WeChatCrypto(WECHAT_TOKEN, WECHAT_KEY, WECHAT_APP)
    reply = xmltodict.parse(answer.text)["xml"]
    opened = crypto.decrypt_message(answer.text, reply["MsgSignature"], reply["TimeStamp"], reply["Nonce"])
    assert "你好" in (opened if isinstance(opened, str) else opened.decode())
    before = api.count_events()
    start = body.index("<Encrypt>") + len("<Encrypt><![CDATA[")
    for copy in altered(outer["Encrypt"].encode(), seed=2):
        changed = body[:start].encode() + copy + b"]]></Encrypt></xml>"
        assert post(live, path, changed, {}).status_code in (400, 401)
    assert api.count_events() == before


def test_a_feishu_event_that_lark_oapi_can_open(live: LiveGateway, api: Api) -> None:
    from lark_oapi.core.utils.decryptor import AESCipher

    event = {
        "schema": "2.0",
        "header": {
            "event_id": "lark-1", "token": FEISHU_TOKEN, "create_time": "1700000000123",
            "event_type": "contact.user.created_v3", "tenant_key": "t", "app_id": "cli_demo0001",
        },
        "event": {"object": {"open_id": "ou_1", "name": "张三"}},
    }  # fmt: skip
    plain = json.dumps(event, ensure_ascii=False).encode()
    body = seal(plain, key=FEISHU_KEY)
    assert json.loads(AESCipher(FEISHU_KEY).decrypt_str(json.loads(body)["encrypt"])) == event
    headers = stamped(event_signature(body, key=FEISHU_KEY))
    assert post(live, "/webhooks/feishu", body, headers).status_code == 200
    before = api.count_events()
    for copy in altered(body, seed=3):
        assert post(live, "/webhooks/feishu", copy, headers).status_code == 401
    assert api.count_events() == before


def test_what_arrived_can_be_read_with_its_evidence_and_without_secrets(live: LiveGateway, api: Api) -> None:
    test_a_feishu_event_that_lark_oapi_can_open(live, api)
    (event,) = [
        item for item in api.get("/api/v1/events?channel=feishu")["items"] if item["key"].endswith("lark-1")
    ]
    detail = api.get(f"/api/v1/events/{event['id']}")
    assert detail["data"]["event"]["object"]["name"] == "张三"
    assert FEISHU_TOKEN not in json.dumps(detail)
    assert detail["body_base64"]
    assert {name.lower() for name, _ in detail["headers"]} >= {"x-lark-signature"}
