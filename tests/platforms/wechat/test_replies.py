"""The answers the platform gets: `success`, passive replies in XML and JSON, sealed where the account is encrypted."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from app.core.values import Outcome, ParsedEvent, Reply, Situation, Verified
from app.platforms.wechat import WechatConnector
from tests.platforms.wechat.account import (
    NOW,
    OTHER_AES_KEY,
    account,
    answered,
    inbound,
    received,
    safe_account,
)
from tests.platforms.wechat.signing import (
    WechatSigner,
    json_envelope,
    sha1_of_sorted,
    xml_envelope,
    xml_message,
)

PERSON = "oTestOpenId_0000000000000001"
ACCOUNT = "gh_0123456789ab"
SECONDS = int(NOW.timestamp())


def plain_answer(data: Any, *, situation: Situation = Situation.SUCCESS) -> Reply:
    return answered(account(), inbound(WechatSigner().plain_query(), xml_message()), data, situation)


def elements(body: bytes) -> dict[str, Any]:
    root = ET.fromstring(body)
    assert root.tag == "xml"
    return {child.tag: child.text if len(child) == 0 else child for child in root}


def json_answer(data: Any) -> dict[str, Any]:
    body = json.dumps(
        {"ToUserName": ACCOUNT, "FromUserName": PERSON, "CreateTime": 1, "MsgType": "text"}
    ).encode()
    reply = answered(account(), inbound(WechatSigner().plain_query(), body), data)
    assert reply.content_type == "application/json"
    return json.loads(reply.body)


def is_success(reply: Reply) -> bool:
    return (reply.status, reply.body, reply.content_type) == (200, b"success", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "situation",
    [Situation.ACCEPTED, Situation.STILL_RUNNING, Situation.HANDLER_FAILED, Situation.ALREADY_PROCESSED],
)
def test_nothing_to_say_is_success(situation: Situation) -> None:
    assert is_success(plain_answer(None, situation=situation))


@pytest.mark.parametrize(
    "situation",
    [Situation.ACCEPTED, Situation.STILL_RUNNING, Situation.COME_AGAIN, Situation.HANDLER_FAILED],
)
def test_unfinished_work_never_answers_with_data(situation: Situation) -> None:
    assert is_success(plain_answer("half", situation=situation))


def test_success_is_not_encrypted_in_safe_mode() -> None:
    signer = WechatSigner()
    ciphertext = signer.encrypt(xml_message())
    request = inbound(signer.sealed_query(ciphertext), xml_envelope(ciphertext))
    assert is_success(answered(safe_account(), request, None, Situation.ACCEPTED))


def test_refused_event_type_is_a_bad_request() -> None:
    reply = plain_answer(None, situation=Situation.UNKNOWN_EVENT_TYPE)
    assert reply.status == 400
    assert json.loads(reply.body)["error"] == "unknown_event_type"


def test_text_goes_back_to_the_sender() -> None:
    reply = plain_answer("你好\n<b>&amp;")
    assert reply.content_type == "text/xml; charset=utf-8"
    assert elements(reply.body) == {
        "ToUserName": PERSON,
        "FromUserName": ACCOUNT,
        "CreateTime": str(SECONDS),
        "MsgType": "text",
        "Content": "你好\n<b>&amp;",
    }


def test_repeated_event_gets_the_stored_reply_again() -> None:
    reply = plain_answer("hello", situation=Situation.ALREADY_PROCESSED)
    assert elements(reply.body)["Content"] == "hello"


def test_json_request_gets_a_json_reply() -> None:
    assert json_answer("hello") == {
        "ToUserName": PERSON,
        "FromUserName": ACCOUNT,
        "CreateTime": SECONDS,
        "MsgType": "text",
        "Content": "hello",
    }


@pytest.mark.parametrize("text", ["", "   ", "\n", "\x00\x01", "\ud800"])
def test_text_without_content_is_success(text: str) -> None:
    assert is_success(plain_answer(text))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"ok": True},
        {"msg_type": "poem"},
        {"msg_type": None},
        {"msg_type": ["text"]},
        {"msg_type": "text"},
        {"msg_type": "text", "content": None},
        {"msg_type": "image"},
        {"msg_type": "video", "title": "t"},
        {"msg_type": "music", "title": "t"},
        {"msg_type": "news"},
        {"msg_type": "news", "articles": []},
        {"msg_type": "news", "articles": [None, 1, {}, {"url": "https://a"}]},
        {"msg_type": "news", "articles": "abc"},
        [],
        ["text"],
        0,
        1.5,
        True,
        b"bytes",
        object(),
    ],
)
def test_result_that_is_no_reply_is_success(data: object) -> None:
    assert is_success(plain_answer(data))


@pytest.mark.parametrize(
    "text",
    [
        "]]>",
        "]]]]>>",
        "a]]><Content>b</Content><![CDATA[",
        "]]>" * 50,
        "<![CDATA[x]]>",
        "]" * 5 + ">",
        "</xml>",
    ],
)
def test_text_cannot_break_out_of_the_markup(text: str) -> None:
    found = elements(plain_answer(text).body)
    assert found["Content"] == text
    assert list(found) == ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"]


def test_sender_name_cannot_break_out_of_the_markup() -> None:
    body = json.dumps({"ToUserName": "]]><x/>", "FromUserName": "]]></xml>", "MsgType": "text"}).encode()
    signer = WechatSigner()
    verified, event = received(account(), inbound(signer.plain_query(), body))
    request = inbound(signer.plain_query(), xml_message())
    reply = account().acknowledge(
        request, verified, Outcome(Situation.SUCCESS, "e", event, data="hi", now=NOW)
    )
    assert elements(reply.body)["ToUserName"] == "]]></xml>"


def test_characters_xml_cannot_carry_are_left_out() -> None:
    assert elements(plain_answer("a\x00b\x0bc\ud800d\ufffee").body)["Content"] == "abcde"


@pytest.mark.parametrize(
    ("text", "kept"), [("a" * 3000, 2048), ("中" * 1000, 2046), ("a" + "😀" * 600, 2045)]
)
def test_long_text_is_cut_between_characters(text: str, kept: int) -> None:
    content = elements(plain_answer(text).body)["Content"]
    assert len(content.encode()) == kept
    assert text.startswith(content)


@pytest.mark.parametrize(("kind", "element"), [("image", "Image"), ("voice", "Voice")])
def test_media_reply_names_its_media(kind: str, element: str) -> None:
    found = elements(plain_answer({"msg_type": kind, "media_id": "M1"}).body)
    assert found["MsgType"] == kind
    assert found[element].findtext("MediaId") == "M1"


def test_video_reply_has_title_and_description() -> None:
    data = {"msg_type": "video", "media_id": "M1", "title": "T", "description": "D"}
    video = elements(plain_answer(data).body)["Video"]
    assert [(child.tag, child.text) for child in video] == [
        ("MediaId", "M1"),
        ("Title", "T"),
        ("Description", "D"),
    ]


def test_music_reply_has_its_thumbnail() -> None:
    data = {
        "msg_type": "music",
        "thumb_media_id": "M2",
        "music_url": "https://a/1",
        "hq_music_url": "https://a/2",
    }
    music = elements(plain_answer(data).body)["Music"]
    assert {child.tag: child.text for child in music} == {
        "MusicUrl": "https://a/1",
        "HQMusicUrl": "https://a/2",
        "ThumbMediaId": "M2",
    }


def test_news_reply_counts_its_articles() -> None:
    article = {"title": "T]]>", "description": "D", "pic_url": "https://a/p", "url": "https://a/u?b=1&c=2"}
    found = elements(plain_answer({"msg_type": "news", "articles": [article, {"title": "U"}]}).body)
    assert found["ArticleCount"] == "2"
    items = found["Articles"].findall("item")
    assert [item.findtext("Title") for item in items] == ["T]]>", "U"]
    assert items[0].findtext("Url") == "https://a/u?b=1&c=2"


def test_news_reply_in_json_lists_its_articles() -> None:
    found = json_answer({"msg_type": "news", "articles": [{"title": "T", "url": "https://a"}]})
    assert found["ArticleCount"] == 1
    assert found["Articles"] == [{"Title": "T", "Description": "", "PicUrl": "", "Url": "https://a"}]


def test_chat_can_be_handed_to_a_person() -> None:
    assert (
        elements(plain_answer({"msg_type": "transfer_customer_service"}).body)["MsgType"]
        == "transfer_customer_service"
    )


def test_chat_can_be_handed_to_a_named_person() -> None:
    data = {"msg_type": "transfer_customer_service", "kf_account": "a@b"}
    assert elements(plain_answer(data).body)["TransInfo"].findtext("KfAccount") == "a@b"


def sealed_answer(connector: WechatConnector, signer: WechatSigner, *, mode_json: bool = False) -> Reply:
    ciphertext = signer.encrypt(xml_message())
    wrapped = json_envelope(ciphertext) if mode_json else xml_envelope(ciphertext)
    return answered(connector, inbound(signer.sealed_query(ciphertext), wrapped), "回复")


@pytest.mark.parametrize("mode", ["safe", "compatible"])
def test_encrypted_account_answers_encrypted(mode: str) -> None:
    signer = WechatSigner()
    reply = sealed_answer(safe_account(mode=mode), signer)
    found = elements(reply.body)
    assert list(found) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    assert (found["Nonce"], found["TimeStamp"]) == (signer.nonce, str(SECONDS))
    signature = sha1_of_sorted(signer.token, found["TimeStamp"], found["Nonce"], found["Encrypt"])
    assert found["MsgSignature"] == signature
    assert elements(signer.decrypt(found["Encrypt"]))["Content"] == "回复"


def test_encrypted_json_answer_has_a_number_for_its_time() -> None:
    signer = WechatSigner()
    reply = sealed_answer(safe_account(), signer, mode_json=True)
    found = json.loads(reply.body)
    assert reply.content_type == "application/json"
    assert found["TimeStamp"] == SECONDS
    assert json.loads(signer.decrypt(found["Encrypt"]))["Content"] == "回复"


def test_reply_uses_the_key_that_opened_the_request() -> None:
    signer = WechatSigner()
    connector = account(encoding_aes_key=[OTHER_AES_KEY, signer.aes_key])
    found = elements(sealed_answer(connector, signer).body)
    assert elements(signer.decrypt(found["Encrypt"]))["Content"] == "回复"


def test_reply_is_signed_with_the_token_that_signed_the_request() -> None:
    signer = WechatSigner(token="oldToken")
    found = elements(sealed_answer(safe_account(token=["newToken", "oldToken"]), signer).body)
    signature = sha1_of_sorted("oldToken", found["TimeStamp"], found["Nonce"], found["Encrypt"])
    assert found["MsgSignature"] == signature


def test_two_equal_replies_have_different_ciphertexts() -> None:
    signer = WechatSigner()
    bodies = {sealed_answer(safe_account(), signer).body for _ in range(2)}
    assert len(bodies) == 2


def test_odd_nonce_cannot_break_the_envelope() -> None:
    signer = WechatSigner(nonce="]]></Nonce>\x01<a>&")
    found = elements(sealed_answer(safe_account(), signer).body)
    assert found["Nonce"] == "]]></Nonce><a>&"
    signature = sha1_of_sorted(signer.token, found["TimeStamp"], found["Nonce"], found["Encrypt"])
    assert found["MsgSignature"] == signature


def test_encrypted_account_never_answers_in_plain_text() -> None:
    event = ParsedEvent("message.text", "k", {"ToUserName": ACCOUNT, "FromUserName": PERSON})
    outcome = Outcome(Situation.SUCCESS, "e", event, data="secret", now=NOW)
    reply = safe_account().acknowledge(inbound("", xml_message()), Verified("wechat-encrypted"), outcome)
    assert is_success(reply)


def test_message_without_account_name_gets_success() -> None:
    event = ParsedEvent("message.text", "k", {"FromUserName": PERSON, "ToUserName": None})
    outcome = Outcome(Situation.SUCCESS, "e", event, data="hi", now=NOW)
    assert is_success(account().acknowledge(inbound("", b""), Verified("wechat-signature"), outcome))


def test_time_of_receipt_stands_in_for_a_missing_clock() -> None:
    event = ParsedEvent("message.text", "k", {"FromUserName": PERSON, "ToUserName": ACCOUNT})
    outcome = Outcome(Situation.SUCCESS, "e", event, data="hi", now=None)
    reply = account().acknowledge(inbound("", xml_message()), Verified("wechat-signature"), outcome)
    assert elements(reply.body)["CreateTime"] == str(SECONDS)
