"""Callbacks of a bot: recorded cases, envelopes that name nobody, whose messages they are, and what they are called."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import PayloadError, VerificationError
from app.core.values import Coverage, InboundRequest, Situation
from sandbox import tencent_messages as signer
from tests.platforms.callback_cases import NOW, answered, is_owned, received
from tests.platforms.code_records import case_id, cases_of, fault_of, opened, records_beside
from tests.platforms.wecom_aibot.bot import (
    AES_KEY,
    BOT,
    OTHER_AES_KEY,
    STAMP,
    TOKEN,
    bot,
    encrypted,
    event,
    message,
    proven,
    sent,
)

RECORDS = records_beside(__file__)


def refused(request: InboundRequest, **keys: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        bot(**keys).verify(request, NOW)
    return caught.value.reason


def unread(text: bytes) -> str:
    with pytest.raises(PayloadError) as caught:
        received(bot(), sent(text))
    return caught.value.reason


def echoed(text: bytes) -> bytes | None:
    request = proven(encrypted(text), method="GET")
    reply = bot().challenge(request, bot().verify(request, NOW))
    return None if reply is None else reply.body


def padded(text: bytes, padding: bytes) -> InboundRequest:
    return proven(signer.encrypt_padded(signer.framed(text, "", b"0" * 16) + padding, AES_KEY))


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS.values()), ids=case_id)
def test_a_recorded_case_is_judged_as_its_record_says(record: dict[str, Any], case: dict[str, Any]) -> None:
    assert fault_of(opened("wecom-aibot", record["settings"]), record, case) is None


@pytest.mark.parametrize("kind", ["text", "image", "mixed", "voice", "file", "video", "stream", "new_kind"])
def test_a_message_is_called_by_its_kind(kind: str) -> None:
    verified, happened = received(bot(), sent(message(kind)))
    assert is_owned(verified)
    assert (happened.type, happened.key, happened.subject) == (
        f"message.{kind}",
        f"{BOT}:CAIQ16HM/NGag=",
        "zhangsan",
    )


@pytest.mark.parametrize("name", ["enter_chat", "template_card_event", "feedback_event", "new_event"])
def test_an_event_is_called_by_its_own_name_and_says_when(name: str) -> None:
    _, happened = received(bot(), sent(event(name)))
    assert (happened.type, happened.occurred_at) == (f"event.{name}", NOW)


def test_the_data_is_what_was_decrypted() -> None:
    _, happened = received(bot(), sent(message(response_url="https://example.com/r")))
    assert happened.data == json.loads(message(response_url="https://example.com/r"))


def test_each_poll_of_a_stream_is_an_event_of_its_own() -> None:
    polls = [sent(message("stream", msgid=number, stream={"id": "s1"})) for number in ("p1", "p2")]
    assert [received(bot(), poll)[1].key for poll in polls] == [f"{BOT}:p1", f"{BOT}:p2"]


@pytest.mark.parametrize("msgid", [None, "", 5.5, ["a"], "a" * 129, "a\n\x00b"])
def test_a_message_without_a_usable_id_is_known_by_its_text(msgid: Any) -> None:
    first, again, other = (
        received(bot(), sent(message(msgid=msgid, n=number)))[1].key for number in (1, 1, 2)
    )
    assert first == again != other
    assert first is not None
    assert first.startswith(f"{BOT}:event:")


@pytest.mark.parametrize("aibotid", ["aibOther", f" {BOT}", BOT.lower(), "", None, 5, [BOT]])
def test_a_message_for_another_bot_is_not_ours(aibotid: Any) -> None:
    assert not is_owned(bot().verify(sent(message(aibotid=aibotid)), NOW))


@pytest.mark.parametrize("receive_id", ["wwcompany", BOT, "0"])
def test_an_envelope_for_somebody_is_refused(receive_id: str) -> None:
    request = proven(encrypted(message(), receive_id=receive_id))
    assert refused(request) == "wrong_aes_key_or_receive_id"


def test_a_receiver_can_be_named_and_is_then_demanded() -> None:
    request = proven(encrypted(message(), receive_id="wwsuite"))
    assert received(bot(receive_id="wwsuite"), request)[1].type == "message.text"
    assert refused(sent(message()), receive_id="wwsuite") == "wrong_aes_key_or_receive_id"


def test_another_key_is_refused_although_nobody_is_named() -> None:
    request = proven(encrypted(message(), aes_key=OTHER_AES_KEY))
    assert refused(request) == "wrong_aes_key_or_receive_id"


def test_whole_padding_is_taken() -> None:
    text = message()
    count = 32 - (20 + len(text)) % 32
    assert received(bot(), padded(text, bytes([count]) * count))[1].type == "message.text"


@pytest.mark.parametrize(
    "spoil",
    [lambda whole: b"\x00" + whole[1:], lambda whole: whole[:-1] + b"\x00", lambda whole: b"!" * len(whole)],
    ids=["first byte", "last byte", "more than a block"],
)
def test_padding_is_checked_in_every_byte(spoil: Any) -> None:
    text = message(pad="x" * ((25 - len(message(pad=""))) % 32))
    count = 32 - (20 + len(text)) % 32
    assert count > 2
    assert refused(padded(text, spoil(bytes([count]) * count))) == "wrong_aes_key_or_receive_id"


@pytest.mark.parametrize("difference", [-1, 1, 2**31])
def test_the_length_must_be_that_of_the_text(difference: int) -> None:
    text = message()
    head = b"0" * 16 + (len(text) + difference).to_bytes(4, "big")
    count = 32 - (20 + len(text)) % 32
    request = proven(signer.encrypt_padded(head + text + bytes([count]) * count, AES_KEY))
    assert refused(request) == "wrong_aes_key_or_receive_id"


def test_blocks_of_sixteen_bytes_are_refused() -> None:
    text = message(pad="x" * ((15 - 20 - len(message(pad=""))) % 32))
    framed = signer.framed(text, "", b"0" * 16)
    assert len(framed) % 32 == 15
    assert refused(proven(signer.encrypt_padded(framed + b"\x01", AES_KEY))) == "wrong_aes_key_or_receive_id"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"[1]",
        b'"text"',
        b"7",
        b"null",
        b"\xff{}",
        b'{"a":1}{"b":2}',
        b'{"msgtype":"a","msgtype":"b"}',
    ],
)
def test_what_is_no_json_object_is_no_message(text: bytes) -> None:
    assert unread(text) == "not_a_json_object"


@pytest.mark.parametrize("msgtype", [None, "", 5.5, {}, "a" * 129])
def test_a_message_without_a_kind_is_no_event(msgtype: Any) -> None:
    assert unread(message(msgtype=msgtype)) == "missing_msgtype"


@pytest.mark.parametrize("inside", [None, "enter_chat", {}, {"eventtype": 5.5}, {"eventtype": ""}])
def test_an_event_without_a_name_is_no_event(inside: Any) -> None:
    assert unread(message("event", event=inside)) == "missing_eventtype"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"Encrypt": "%s"}', "body_not_encrypted"),
        ('{"encrypt": "%s", "Encrypt": ""}', "body_not_encrypted"),
        ('{"encrypt": null, "Encrypt": "%s"}', "body_not_encrypted"),
        ('{"encrypt": ["%s"]}', "body_not_encrypted"),
        ('{"encrypt": "", "also": "%s"}', "body_not_encrypted"),
        ('["%s"]', "unreadable_body"),
        ('"%s"', "unreadable_body"),
        ('{"encrypt": "%s", "encrypt": "AAAA"}', "unreadable_body"),
        ("<xml><encrypt>%s</encrypt></xml>", "unreadable_body"),
        ("encrypt=%s", "unreadable_body"),
    ],
)
def test_only_a_bots_envelope_is_opened(body: str, reason: str) -> None:
    sealed = encrypted(message())
    assert refused(proven(sealed, body=(body % sealed).encode())) == reason


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_each_part_of_the_proof_is_needed_once_and_not_empty(name: str, method: str) -> None:
    request = proven(encrypted(b"123" if method == "GET" else message()), method=method)
    pairs = request.query_string.split("&")
    kept = [pair for pair in pairs if not pair.startswith(f"{name}=")]
    for others in ([], [f"{name}="]):
        assert refused(request._replace(query_string="&".join([*kept, *others]))) == f"missing_{name}"
    doubled = request._replace(query_string="&".join([*pairs, f"{name}=1"]))
    assert refused(doubled) == "duplicate_parameter"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
def test_each_part_of_the_proof_is_signed(name: str, method: str) -> None:
    request = proven(encrypted(b"123" if method == "GET" else message()), method=method)
    spoilt = request._replace(query_string=request.query_string.replace(f"{name}=", f"{name}=0"))
    assert refused(spoilt) == "bad_signature"


@pytest.mark.parametrize("length", [0, 1, 39])
def test_a_cut_signature_is_refused(length: int) -> None:
    request = sent(message())
    value = request.query("msg_signature") or ""
    cut = request._replace(query_string=request.query_string.replace(value, value[:length]))
    assert refused(cut) in {"bad_signature", "missing_msg_signature"}


def test_the_signature_without_the_ciphertext_is_not_enough() -> None:
    request = sent(message())
    weak = signer.signature(TOKEN, STAMP, request.query("nonce") or "")
    swapped = request.query_string.replace(request.query("msg_signature") or "", weak)
    assert refused(request._replace(query_string=swapped)) == "signature_in_place_of_msg_signature"


def test_another_token_is_refused() -> None:
    assert refused(sent(message()), token="another-token") == "bad_signature"


def test_two_tokens_and_keys_count_while_they_change() -> None:
    connector = bot(token=["new-token-1", TOKEN], encoding_aes_key=[OTHER_AES_KEY, AES_KEY])
    assert received(connector, sent(message()))[1].type == "message.text"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_the_age_is_judged_only_where_it_is_asked_for(seconds: int) -> None:
    request, then = sent(message()), NOW + timedelta(seconds=seconds)
    assert bot().verify(request, then)
    with pytest.raises(VerificationError):
        bot(max_age=300).verify(request, then)


@pytest.mark.parametrize("echo", [b"1616140317555161061", b"echo-778899", b"a" * 128])
def test_the_check_of_the_address_gets_what_was_in_it(echo: bytes) -> None:
    assert echoed(echo) == echo


@pytest.mark.parametrize("echo", [b"", b"a" * 129, b"a b", b"<script>", b"1\n", "一".encode(), message()])
def test_nothing_else_is_said_back(echo: bytes) -> None:
    with pytest.raises(PayloadError, match="echostr"):
        echoed(echo)


def test_a_recorded_message_is_not_opened_by_the_check_of_the_address() -> None:
    """Whoever has seen a short message's ciphertext and signature could have it read out otherwise."""
    short = b'{"msgid":"1","msgtype":"event","event":{"eventtype":"enter_chat"}}'
    with pytest.raises(PayloadError):
        echoed(short)


def test_a_recorded_check_of_the_address_is_no_message() -> None:
    assert unread(b"1616140317555161061") == "not_a_json_object"


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        (Situation.ACCEPTED, 200),
        (Situation.SUCCESS, 200),
        (Situation.ALREADY_PROCESSED, 200),
        (Situation.STILL_RUNNING, 200),
        (Situation.HANDLER_FAILED, 500),
        (Situation.COME_AGAIN, 503),
        (Situation.UNKNOWN_EVENT_TYPE, 400),
    ],
)
def test_what_is_taken_gets_an_empty_answer_and_only_that(situation: Situation, status: int) -> None:
    reply = answered(bot(), sent(message()), None, situation)
    assert reply.status == status
    assert (reply.body == b"") is (status == 200)


@pytest.mark.parametrize("odd", [None, "soon", -1, 10**12, 1.5, [1]])
def test_a_time_that_is_none_is_left_out(odd: Any) -> None:
    assert received(bot(), sent(message(create_time=odd)))[1].occurred_at is None


def test_the_second_of_an_event_is_read_in_utc() -> None:
    text = message("event", event={"eventtype": "enter_chat"}, create_time=1779999991)
    assert received(bot(), sent(text))[1].occurred_at == datetime(2026, 5, 28, 20, 26, 31, tzinfo=UTC)


def test_every_accepted_body_is_proven() -> None:
    assert bot().signature_covers is Coverage.BODY


@pytest.mark.parametrize(
    "keys", [{"allow_unsigned": True}, {"aibotid": ""}, {"encoding_aes_key": "short"}, {"token": "a b"}]
)
def test_what_cannot_be_right_is_told_at_the_start(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        bot(**keys)


@pytest.mark.parametrize("missing", ["token", "encoding_aes_key"])
def test_without_its_keys_callbacks_are_off(missing: str) -> None:
    assert bot(**{missing: ""}).settings.missing_signature_secret() == missing
