"""Callbacks of WeCom: official samples, the check of the address, what is refused and why, keys, and the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import PayloadError, VerificationError
from app.core.values import Coverage, InboundRequest, Outcome, Situation
from app.platforms.wecom import WecomConnector
from sandbox import tencent_messages as signer
from tests.platforms.wecom.application import (
    AES_KEY,
    CASES,
    CORP_ID,
    NONCE,
    NOW,
    OTHER_AES_KEY,
    STAMP,
    TOKEN,
    answered,
    application,
    check_of_address,
    encrypted,
    envelope,
    event_of,
    inbound,
    query_for,
    received,
    sent,
    xml,
)

MESSAGES = [case for case in CASES.values() if "POST" in case["kind"]]
CHECKS = [case for case in CASES.values() if "GET" in case["kind"]]


def account_of(case: Any, **keys: Any) -> WecomConnector:
    own = {"corp_id": case["receive_id"], "token": case["token"], "encoding_aes_key": case["aes_key"]}
    return application(**(own | keys))


def request_of(case: Any, method: str = "POST") -> InboundRequest:
    ciphertext = case["encrypt"]
    more = {"echostr": ciphertext} if method == "GET" else {}
    query = query_for(
        ciphertext, token=case["token"], timestamp=case["timestamp"], nonce=case["nonce"], **more
    )
    assert f"msg_signature={case['msg_signature']}" in query
    return inbound(query, b"" if method == "GET" else envelope(ciphertext), method)


def refused(connector: WecomConnector, request: InboundRequest) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        connector.verify(request, NOW)
    return caught.value


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: case["id"])
def test_an_official_message_is_read(case: Any) -> None:
    verified, event = received(account_of(case), request_of(case))
    assert verified.plaintext == case["plain"].encode()
    assert (event.type, event.data["MsgType"]) == ("message.text", "text")


@pytest.mark.parametrize("case", CHECKS, ids=lambda case: case["id"])
def test_an_official_check_of_the_address_is_answered_with_what_was_inside(case: Any) -> None:
    connector, request = account_of(case), request_of(case, "GET")
    reply = connector.challenge(request, connector.verify(request, NOW))
    assert reply is not None
    assert (reply.status, reply.body) == (200, case["plain"].encode())
    assert reply.content_type.startswith("text/plain")


def test_a_plus_sign_that_was_decoded_once_too_often_is_a_plus_sign_again() -> None:
    # The sample's ciphertext holds three of them.
    case = CASES["W1"]
    request = request_of(case, "GET")
    spoilt = request._replace(query_string=request.query_string.replace("%2B", "+"))
    assert spoilt != request
    assert account_of(case).verify(spoilt, NOW).plaintext == case["plain"].encode()


@pytest.mark.parametrize("echo", [b"", b"x" * 257, b"a\nb", "好".encode(), b"\x00"])
def test_what_an_echo_holds_is_bounded_and_printable(echo: bytes) -> None:
    request = check_of_address(echo)
    with pytest.raises(PayloadError):
        application().challenge(request, application().verify(request, NOW))


def test_a_check_without_its_echo_is_refused() -> None:
    request = check_of_address()
    query = request.query_string.partition("&echostr=")[0]
    assert refused(application(), request._replace(query_string=query)).reason == "missing_echostr"


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_each_part_of_the_proof_is_needed(name: str) -> None:
    request = sent(xml())
    pairs = [pair for pair in request.query_string.split("&") if not pair.startswith(f"{name}=")]
    assert refused(application(), request._replace(query_string="&".join(pairs))).reason == f"missing_{name}"


def test_the_receiver_must_be_this_company() -> None:
    ciphertext = encrypted(xml(), corp_id="wwffffffffffffffff")
    error = refused(application(), inbound(query_for(ciphertext), envelope(ciphertext)))
    assert error.reason == "wrong_aes_key_or_receive_id"
    assert "wwffffffffffffffff" in error.explain()


def test_an_echo_for_another_company_is_not_answered() -> None:
    ciphertext = encrypted(b"123", corp_id="")
    refused(application(), inbound(query_for(ciphertext, echostr=ciphertext), method="GET"))


def test_another_token_is_refused() -> None:
    assert refused(application(token="another-token"), sent(xml())).reason == "bad_signature"


def test_without_a_token_nothing_is_proven() -> None:
    ciphertext = encrypted(xml())
    request = inbound(query_for(ciphertext, token=""), envelope(ciphertext))
    assert refused(application(token=""), request).reason == "token_not_set"


@pytest.mark.parametrize("body", [xml(), b"{}", b"", b"<xml/>", b"not xml", b"[]"])
def test_a_body_that_is_not_encrypted_is_never_read(body: bytes) -> None:
    request = sent(xml())._replace(body=body)
    assert refused(application(), request).reason in ("body_not_encrypted", "unreadable_body")


def test_the_signature_without_the_body_is_never_enough() -> None:
    three = signer.signature(TOKEN, STAMP, NONCE)
    query = f"msg_signature={three}&timestamp={STAMP}&nonce={NONCE}&signature={three}"
    error = refused(application(), inbound(query, envelope(encrypted(xml()))))
    assert error.reason == "signature_in_place_of_msg_signature"


@pytest.mark.parametrize("position", [0, -1])
def test_both_keys_are_taken_during_a_rotation(position: int) -> None:
    keys = [OTHER_AES_KEY, AES_KEY] if position else [AES_KEY, OTHER_AES_KEY]
    connector = application(encoding_aes_key=keys, token=["new-token-1", TOKEN])
    _, event = received(connector, sent(xml()))
    assert event.type == "message.text"


def test_the_answer_uses_the_keys_that_fitted() -> None:
    connector = application(encoding_aes_key=[OTHER_AES_KEY, AES_KEY], token=["new-token-1", TOKEN])
    reply = answered(connector, sent(xml()), "hi")
    message = signer.open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY, receive_id=CORP_ID)
    assert message["Content"] == "hi"


def test_a_previous_key_that_was_taken_out_is_refused() -> None:
    assert refused(application(encoding_aes_key=OTHER_AES_KEY), sent(xml())).explain()


def test_the_age_is_judged_only_where_it_is_asked_for() -> None:
    ciphertext = encrypted(xml())
    old = inbound(query_for(ciphertext, timestamp="1409659813"), envelope(ciphertext))
    assert application().verify(old, NOW)
    assert refused(application(max_age=300), old)


def test_every_accepted_body_is_proven() -> None:
    assert application().signature_covers is Coverage.BODY


@pytest.mark.parametrize(
    ("fields", "event_type"),
    [
        (
            {"MsgType": "event", "Event": "change_contact", "ChangeType": "create_user"},
            "change_contact.create_user",
        ),
        (
            {"MsgType": "event", "Event": "change_external_contact", "ChangeType": "add_external_contact"},
            "change_external_contact.add_external_contact",
        ),
        ({"MsgType": "event", "Event": "enter_agent"}, "enter_agent"),
        ({"MsgType": "event", "Event": "LOCATION"}, "LOCATION"),
        ({"MsgType": "event", "Event": "something_new"}, "something_new"),
        ({"MsgType": "image"}, "message.image"),
    ],
)
def test_types_are_the_platforms_own_words(fields: dict[str, str], event_type: str) -> None:
    assert event_of(**fields).type == event_type


def test_an_event_of_the_company_is_about_the_member_it_names() -> None:
    event = event_of(
        MsgType="event", FromUserName="sys", Event="change_contact", ChangeType="create_user", UserID="lisi"
    )
    assert event.subject == "lisi"


def test_an_event_about_nobody_has_no_subject() -> None:
    event = event_of(
        MsgType="event", FromUserName="sys", Event="change_contact", ChangeType="create_party", Id="2"
    )
    assert event.subject is None


def test_an_event_without_a_sender_is_taken() -> None:
    event = event_of(MsgType="event", FromUserName="", Event="kf_msg_or_event", Token="ENC", OpenKfId="wk1")
    assert (event.type, event.subject) == ("kf_msg_or_event", None)


def test_a_message_without_a_sender_is_refused() -> None:
    request = sent(xml(FromUserName=""))
    with pytest.raises(PayloadError):
        received(application(), request)


def test_events_of_the_same_second_are_told_apart_by_what_changed() -> None:
    keys = {
        event_of(
            MsgType="event", FromUserName="sys", Event="change_contact", ChangeType="update_user", UserID=user
        ).key
        for user in ("a", "b")
    }
    assert len(keys) == 2


def test_a_redelivery_has_the_same_key_although_its_ciphertext_differs() -> None:
    text = xml(MsgType="event", Event="subscribe")
    again = signer.encrypt(text, AES_KEY, CORP_ID, b"another 16 bytes")
    first = received(application(), sent(text))[1]
    second = received(application(), inbound(query_for(again, nonce="7"), envelope(again)))[1]
    assert first.key == second.key


def test_a_message_is_known_by_its_number() -> None:
    event = event_of(MsgId="7000000000000000001")
    assert event.key == f"7000000000000000001:zhangsan:{STAMP}"


def test_nothing_to_say_is_an_empty_answer() -> None:
    reply = answered(application(), sent(xml()), None)
    assert (reply.status, reply.body) == (200, b"")


def test_a_handlers_text_is_an_encrypted_reply_to_the_member() -> None:
    reply = answered(application(), sent(xml()), "收到 ]]> <b>")
    message = signer.open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY, receive_id=CORP_ID)
    assert (message["ToUserName"], message["FromUserName"]) == ("zhangsan", CORP_ID)
    assert message["Content"] == "收到 ]]> <b>"


def test_a_reply_to_an_event_of_nobody_is_an_empty_answer() -> None:
    request = sent(xml(MsgType="event", FromUserName="", Event="kf_msg_or_event"))
    assert answered(application(), request, "hi").body == b""


@pytest.mark.parametrize("name", ["Encrypt", "encrypt"])
def test_json_is_answered_in_json_with_the_names_it_came_with(name: str) -> None:
    ciphertext = encrypted(xml())
    body = json.dumps({"tousername": CORP_ID, name: ciphertext, "agentid": "1000002"}).encode()
    reply = answered(application(), inbound(query_for(ciphertext), body), "hi")
    names = set(json.loads(reply.body))
    expected = {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
    assert names == (expected if name == "Encrypt" else {each.lower() for each in expected})


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        (Situation.ACCEPTED, 200),
        (Situation.STILL_RUNNING, 200),
        (Situation.ALREADY_PROCESSED, 200),
        (Situation.HANDLER_FAILED, 500),
        (Situation.COME_AGAIN, 503),
        (Situation.UNKNOWN_EVENT_TYPE, 400),
    ],
)
def test_only_what_is_taken_is_200_because_anything_else_is_sent_again(
    situation: Situation, status: int
) -> None:
    request = sent(xml())
    verified, event = received(application(), request)
    reply = application().acknowledge(request, verified, Outcome(situation, "evt_1", event, now=NOW))
    assert reply.status == status
