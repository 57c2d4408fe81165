"""Message push of a Mini Program: both formats, all modes, and events that only Mini Programs have."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import Coverage, Outcome, ParsedEvent, Situation
from sandbox import tencent_messages as signer
from tests.platforms.deliveries import NOW
from tests.platforms.wechat_mini.program import AES_KEY, APP_ID, TOKEN, message, opened, plain, sealed

FORMATS = pytest.mark.parametrize("data_format", ["xml", "json"])


def parsed(connector: Any, request: Any) -> ParsedEvent:
    event: ParsedEvent = connector.parse(request, connector.verify(request, NOW))
    return event


@FORMATS
@pytest.mark.parametrize("mode", ["safe", "compatible"])
def test_an_encrypted_push_is_read_in_both_formats(data_format: str, mode: str) -> None:
    event = parsed(opened(mode=mode), sealed(message(data_format), data_format))
    assert (event.type, event.data["Content"]) == ("message.text", "你好")


@FORMATS
def test_a_plain_push_is_read_in_both_formats(data_format: str) -> None:
    connector = opened(mode="plain")
    assert parsed(connector, plain(message(data_format))).type == "message.text"
    assert connector.signature_covers is Coverage.ORIGIN


def test_both_formats_of_one_message_are_one_event() -> None:
    keys = {parsed(opened(), sealed(message(each), each)).key for each in ("xml", "json")}
    assert len(keys) == 1


@FORMATS
def test_a_plain_body_never_passes_where_encryption_is_configured(data_format: str) -> None:
    with pytest.raises(VerificationError) as caught:
        opened().verify(plain(message(data_format)), NOW)
    assert caught.value.reason == "body_not_encrypted"


def test_a_push_for_another_account_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        opened().verify(sealed(message(), app_id="wxffffffffffffffff"), NOW)
    assert "wxffffffffffffffff" in caught.value.explain()


@pytest.mark.parametrize(
    "entries", [{"TemplateId": "a"}, [{"TemplateId": "a"}, {"TemplateId": "b"}]], ids=["one", "two"]
)
def test_an_answer_about_subscriptions_is_taken_with_one_entry_and_with_several(entries: Any) -> None:
    fields: dict[str, Any] = {
        "MsgType": "event",
        "Event": "subscribe_msg_popup_event",
        "SubscribeMsgPopupEvent": {"List": entries},
    }
    event = parsed(opened(), sealed(message(**fields), "json"))
    assert event.type == "subscribe_msg_popup_event"
    assert event.data["SubscribeMsgPopupEvent"]["List"] == entries


def test_an_event_of_the_push_service_is_about_the_person_it_names() -> None:
    fields: dict[str, Any] = {
        "MsgType": "event",
        "Event": "user_authorization_revoke",
        "OpenID": "oPerson",
        "FromUserName": "oService",
    }
    assert parsed(opened(), sealed(message(**fields), "json")).subject == "oPerson"


@FORMATS
def test_a_reply_is_encrypted_in_the_format_of_the_request(data_format: str) -> None:
    request = sealed(message(data_format), data_format)
    verified = opened().verify(request, NOW)
    outcome = Outcome(
        Situation.SUCCESS,
        "e",
        opened().parse(request, verified),
        data={"msg_type": "transfer_customer_service"},
        now=NOW,
    )
    reply = opened().acknowledge(request, verified, outcome)
    found = signer.open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY, receive_id=APP_ID)
    assert found["MsgType"] == "transfer_customer_service"
    assert reply.body[:1] == (b"{" if data_format == "json" else b"<")


def test_the_check_of_the_address_is_answered_with_its_echo() -> None:
    request = plain(b"", echostr="4375120948345356249")._replace(method="GET")
    reply = opened().challenge(request, opened().verify(request, NOW))
    assert reply.body == b"4375120948345356249"
