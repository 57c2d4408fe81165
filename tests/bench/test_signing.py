"""What the benchmark signs is accepted by libraries that share nothing with it."""

from __future__ import annotations

import hashlib
import hmac
import json
import warnings
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench import accounts, signing

IDENTIFIER = signing.identifiers("test", 1)[0]


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """Return target, headers and body of a raw request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert int(headers["Content-Length"]) == len(body)
    return first.split(" ")[1], headers, body


def test_a_callback_is_one_kilobyte_and_signed():
    _, headers, body = parts(signing.callback(IDENTIFIER))
    expected = hmac.new(accounts.CALLBACK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Signature"] == expected
    assert len(body) == 1024
    assert json.loads(body)["event_id"] == IDENTIFIER


def test_an_event_of_a_source_is_one_kilobyte_and_signed():
    _, headers, body = parts(signing.source(IDENTIFIER))
    moment, signature = (item.partition("=")[2] for item in headers["stripe-signature"].split(","))
    signed = moment.encode() + b"." + body
    assert signature == hmac.new(accounts.SOURCE_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert len(body) == 1024
    assert json.loads(body)["id"] == IDENTIFIER


def test_lark_oapi_takes_the_feishu_event():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lark_oapi
        from lark_oapi.core.model import RawRequest

    seen: list[Any] = []
    handler = (
        lark_oapi.EventDispatcherHandler.builder(accounts.FEISHU_KEY, accounts.FEISHU_TOKEN)
        .register_p2_im_message_receive_v1(seen.append)
        .build()
    )
    target, headers, body = parts(signing.feishu(IDENTIFIER))
    request = RawRequest()
    request.uri, request.body, request.headers = target, body, headers
    assert handler.do(request).status_code == 200
    assert [event.event.message.message_id for event in seen] == [f"om_{IDENTIFIER}"]
    assert len(signing.feishu_event(IDENTIFIER)) == 1024


def test_wechatpy_takes_the_wechat_message():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from wechatpy import parse_message
        from wechatpy.crypto import WeChatCrypto

    target, _, body = parts(signing.wechat(IDENTIFIER))
    query = dict(parse_qsl(urlsplit(target).query))
    crypto = WeChatCrypto(accounts.WECHAT_TOKEN, accounts.WECHAT_AES_KEY, accounts.WECHAT_APP_ID)
    text = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
    message = parse_message(text)
    assert message.type == "text"
    assert int(message.id) == int(IDENTIFIER[:15], 16)
    assert len(signing.wechat_message(IDENTIFIER)) == 1024


def test_every_identifier_of_a_run_differs_and_runs_differ():
    requests = signing.signed("callback", "one", 50)
    assert len(set(requests)) == 50
    assert not set(requests) & set(signing.signed("callback", "two", 50))


def test_every_second_request_is_a_copy_of_an_earlier_one():
    requests = signing.half_repeated("callback", "one", 100)
    assert len(requests) == 100
    assert len(set(requests)) == 50
    assert all(copy in requests[: 2 * place + 1] for place, copy in enumerate(requests[1::2]))
