"""Whatever arrives, callbacks raise the two errors of the boundary or nothing, and an answer is always found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified
from app.platforms.wechat import WechatConnector
from tests.platforms.wechat.account import NOW, account, inbound, safe_account
from tests.platforms.wechat.signing import WechatSigner, json_envelope, xml_envelope

UNTIMED = settings(deadline=None)
CONNECTORS = [
    account(),
    safe_account(),
    safe_account(mode="compatible"),
    account(token="", allow_unsigned=True),
]
CONNECTORS += [safe_account(max_age=300), account(token="")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "Event",
        "EventKey",
        "MsgId",
        "Encrypt",
        "Content",
        "OpenID",
    ]
)
FRAGMENTS = st.sampled_from(
    [
        b"<xml>",
        b"</xml>",
        b"<MsgType>",
        b"</MsgType>",
        b"text",
        b"<![CDATA[",
        b"]]>",
        b"<!DOCTYPE a>",
        b"&a;",
        b"{",
        b"}",
        b'"MsgType"',
        b":",
        b",",
        b'"event"',
        b"\xff",
        b"\x00",
        b"<FromUserName>o</FromUserName>",
        b"<?xml encoding='x'?>",
    ]
)
BODIES = st.binary(max_size=200) | st.lists(FRAGMENTS, max_size=12).map(b"".join)
PARAMETERS = st.sampled_from(
    ["signature", "timestamp", "nonce", "msg_signature", "echostr", "encrypt_type", "openid"]
)
QUERIES = st.text(max_size=80) | st.lists(st.tuples(PARAMETERS, st.text(max_size=20)), max_size=8).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


def walk(connector: WechatConnector, request: InboundRequest) -> Reply | None:
    try:
        verified = connector.verify(request, NOW)
        reply = connector.challenge(request, verified)
        if reply is not None:
            return reply
        event = connector.parse(request, verified)
    except (VerificationError, PayloadError):
        return None
    assert 0 < len(event.type) <= 255
    assert event.key
    return connector.acknowledge(
        request, verified, Outcome(Situation.SUCCESS, "e", event, data="好", now=NOW)
    )


@pytest.mark.parametrize("connector", CONNECTORS)
@UNTIMED
@given(query=QUERIES, body=BODIES, method=st.sampled_from(["GET", "POST", "PUT", ""]))
def test_any_request_meets_only_our_own_errors(
    connector: WechatConnector, query: str, body: bytes, method: str
) -> None:
    walk(connector, inbound(query, body, method))


@UNTIMED
@given(body=BODIES)
def test_any_signed_plain_body_meets_only_our_own_errors(body: bytes) -> None:
    walk(account(), inbound(WechatSigner().plain_query(), body))


@UNTIMED
@given(
    fields=st.dictionaries(
        NAMES, JSON | st.sampled_from(["event", "text", "oPerson", "1700000000"]), max_size=9
    )
)
def test_any_signed_json_meets_only_our_own_errors(fields: dict[str, Any]) -> None:
    walk(account(), inbound(WechatSigner().plain_query(), json.dumps(fields).encode()))


@UNTIMED
@given(content=st.binary(max_size=200))
def test_any_sealed_text_meets_only_our_own_errors(content: bytes) -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(content)
    walk(safe_account(), inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext)))


@UNTIMED
@given(blocks=st.integers(1, 4), data=st.data())
def test_any_signed_ciphertext_meets_only_our_own_errors(blocks: int, data: st.DataObject) -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt_raw(data.draw(st.binary(min_size=blocks * 16, max_size=blocks * 16)))
    walk(safe_account(), inbound(signer.sealed_query(ciphertext), json_envelope(ciphertext)))


@pytest.mark.parametrize("connector", CONNECTORS[:3])
@UNTIMED
@given(
    result=JSON
    | st.text(st.characters(), max_size=50)
    | st.fixed_dictionaries(
        {
            "msg_type": st.sampled_from(
                ["text", "image", "voice", "video", "music", "news", "transfer_customer_service"]
            )
        },
        optional=dict.fromkeys(
            ("content", "media_id", "title", "thumb_media_id", "articles", "kf_account", "description"), JSON
        ),
    ),
    fields=st.dictionaries(NAMES, JSON, max_size=6),
    situation=st.sampled_from(list(Situation)),
    body=BODIES,
)
def test_an_answer_is_always_found(
    connector: WechatConnector, result: Any, fields: dict[str, Any], situation: Situation, body: bytes
) -> None:
    outcome = Outcome(situation, "e", ParsedEvent("message.text", "k", fields), data=result, now=NOW)
    reply = connector.acknowledge(inbound("", body), Verified("x"), outcome)
    assert reply.status == (400 if situation is Situation.UNKNOWN_EVENT_TYPE else 200)
    assert reply.body


@UNTIMED
@given(result=st.text(st.characters(), max_size=60), nonce=st.text(min_size=1, max_size=20))
def test_a_sealed_answer_is_always_found(result: str, nonce: str) -> None:
    signer = WechatSigner(nonce=nonce)
    ciphertext = signer.encrypt(
        b"<xml><MsgType>text</MsgType><FromUserName>o</FromUserName><ToUserName>g</ToUserName></xml>"
    )
    request = inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert walk(safe_account(), request) is not None
    verified = safe_account().verify(request, NOW)
    event = safe_account().parse(request, verified)
    reply = safe_account().acknowledge(
        request, verified, Outcome(Situation.SUCCESS, "e", event, data=result, now=NOW)
    )
    assert reply.status == 200
