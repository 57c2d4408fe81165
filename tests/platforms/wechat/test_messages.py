"""What happened, to whom, when, and under which key a redelivery is recognised."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.errors import PayloadError
from app.core.values import ParsedEvent
from app.wire.wechat_family.messages import parse_message
from tests.platforms.wechat.account import inbound, received, safe_account
from tests.platforms.wechat.signing import WechatSigner, xml_envelope, xml_message

PERSON = "oTestOpenId_0000000000000001"


def from_json(**fields: Any) -> ParsedEvent:
    named = {"FromUserName": PERSON, "MsgType": "text", "CreateTime": 1700000000} | fields
    return parse_message(
        json.dumps({name: value for name, value in named.items() if value is not None}).encode()
    )


def from_xml(**fields: str) -> ParsedEvent:
    return parse_message(xml_message(**fields))


def test_message_type_carries_its_kind() -> None:
    assert from_xml(MsgType="image").type == "message.image"


@pytest.mark.parametrize("name", ["subscribe", "SCAN", "TEMPLATESENDJOBFINISH", "user_enter_tempsession"])
def test_event_type_is_kept_as_sent(name: str) -> None:
    assert from_xml(MsgType="event", Event=name).type == name


def test_subject_is_the_sender() -> None:
    assert from_xml().subject == PERSON


@pytest.mark.parametrize("name", ["user_info_modified", "user_authorization_revoke", "USER_INFO_MODIFIED"])
def test_subject_of_privacy_events_is_the_person(name: str) -> None:
    event = from_xml(MsgType="event", Event=name, FromUserName="push_service", OpenID="oPerson")
    assert event.subject == "oPerson"


def test_open_id_of_other_events_is_not_believed_over_the_sender() -> None:
    assert from_xml(MsgType="event", Event="CLICK", OpenID="oOther").subject == PERSON


def test_time_comes_from_the_platform() -> None:
    assert from_xml(CreateTime="1700000000").occurred_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1" * 30, "１７", "1700000000.5"])
def test_strange_time_is_no_time(stamp: str) -> None:
    assert from_xml(CreateTime=stamp).occurred_at is None


def test_missing_optional_fields_are_normal() -> None:
    event = parse_message(b"<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType></xml>")
    assert (event.occurred_at, event.data.get("Content"), event.data.get("ToUserName")) == (None, None, None)


@pytest.mark.parametrize("name", ["MsgType", "FromUserName"])
@pytest.mark.parametrize("value", [None, "", [], {"a": 1}, True, "a\nb", "x" * 129])
def test_missing_essential_field_is_a_bad_request(name: str, value: object) -> None:
    with pytest.raises(PayloadError) as caught:
        from_json(**{name: value})
    assert caught.value.reason == f"missing_{name}"


def test_event_without_name_is_a_bad_request() -> None:
    with pytest.raises(PayloadError) as caught:
        from_xml(MsgType="event")
    assert caught.value.reason == "missing_Event"


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"[]", b"null", b"text", b"<html></html>", b"<xml/>", b"{", b"\xff", b"<xml>a</xml>"],
)
def test_other_bodies_are_bad_requests(body: bytes) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_message(body)
    assert caught.value.reason == "unreadable_body"


def test_json_numbers_stay_numbers_and_xml_text_stays_text() -> None:
    assert from_json(MsgId=24000000000000001).data["MsgId"] == 24000000000000001
    assert from_xml(MsgId="24000000000000001").data["MsgId"] == "24000000000000001"


def test_unknown_elements_are_kept() -> None:
    event = parse_message(
        xml_message(MsgType="event", Event="new_one").replace(b"</xml>", b"<A><B>1</B></A></xml>")
    )
    assert event.data["A"] == {"B": "1"}


def test_leading_blanks_do_not_hide_the_format() -> None:
    assert parse_message(b"\r\n  " + xml_message()).type == "message.text"
    assert parse_message(b' \n{"MsgType":"text","FromUserName":"o"}').type == "message.text"


def test_message_key_joins_number_sender_and_time() -> None:
    assert from_xml(MsgId="24000000000000001").key == f"24000000000000001:{PERSON}:1700000000"


def test_message_key_is_the_same_in_both_formats() -> None:
    assert from_json(MsgId=24000000000000001).key == from_xml(MsgId="24000000000000001").key


def test_same_number_of_another_sender_is_another_message() -> None:
    assert from_xml(MsgId="1").key != from_xml(MsgId="1", FromUserName="oOther").key


def test_same_number_at_another_time_is_another_message() -> None:
    assert from_xml(MsgId="1").key != from_xml(MsgId="1", CreateTime="1700000001").key


def test_redelivered_message_with_other_markup_has_the_same_key() -> None:
    body = xml_message(MsgId="1")
    assert parse_message(body).key == parse_message(body.replace(b"><", b">\n<")).key


def test_message_without_number_is_known_by_its_text() -> None:
    assert from_xml(Content="a").key == from_xml(Content="a").key
    assert from_xml(Content="a").key != from_xml(Content="b").key


def test_events_of_one_second_stay_apart() -> None:
    first = from_xml(MsgType="event", Event="SCAN", EventKey="1")
    assert first.key != from_xml(MsgType="event", Event="SCAN", EventKey="2").key
    assert first.key != from_xml(MsgType="event", Event="LOCATION").key


def test_redelivery_with_other_ciphertext_has_the_same_key() -> None:
    signer = WechatSigner()
    message = xml_message(MsgType="event", Event="SCAN", EventKey="scene")
    sealed = [signer.encrypt(message, prefix=prefix * 16) for prefix in (b"a", b"b")]
    assert sealed[0] != sealed[1]
    keys = {
        received(safe_account(), inbound(signer.sealed_query(text), xml_envelope(text)))[1].key
        for text in sealed
    }
    assert len(keys) == 1
