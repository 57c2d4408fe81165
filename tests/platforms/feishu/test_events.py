"""What Feishu's events say, which of them are the same, and how each is answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.errors import PayloadError
from app.core.values import Outcome, ParsedEvent, Reply, Situation, Verified
from tests.platforms.feishu.channel import connector, delivery, parsed, sealed, signed, v2_event, verified
from tests.platforms.feishu.signing import APP_ID, TOKEN, VECTORS, card_signature, compact, seal, stamped

OLD_CARD = VECTORS["old_card"]
MESSAGE_TYPE = "im.message.receive_v1"
CALLBACKS = ["card.action.trigger", "card.action.trigger_v1", "url.preview.get"]


def of_vector(name: str) -> ParsedEvent:
    return parsed(signed(VECTORS[name]["body"]))


def old_click(body: str = OLD_CARD["body"], **stamp: str) -> ParsedEvent:
    signature = card_signature(body.encode(), **stamp)
    return parsed(delivery(body, stamped(signature, **stamp)), old_cards=True)


def test_a_message_is_read() -> None:
    found = of_vector("message")
    assert found == ParsedEvent(
        type=MESSAGE_TYPE,
        key="message:om_demo",
        data=json.loads(VECTORS["message"]["plaintext"]),
        subject="ou_demo",
        occurred_at=datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC),
    )


def test_an_event_of_version_1_is_read() -> None:
    found = of_vector("v1_event")
    assert (found.type, found.key, found.subject) == (
        "p2p_chat_create",
        "v1:bc447199585340d1f3728d26b1c0297a",
        "ou_demo",
    )
    assert found.occurred_at == datetime(2017, 8, 8, 13, 33, 27, 717141, tzinfo=UTC)


def test_a_card_click_is_read_with_its_microseconds() -> None:
    found = of_vector("card")
    assert (found.type, found.key, found.subject) == (
        "card.action.trigger",
        "event:0123456789abcdef0123456789abcdef",
        "ou_demo",
    )
    assert found.occurred_at == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)


def test_an_old_card_click_is_read() -> None:
    found = old_click()
    assert (found.type, found.subject, found.occurred_at) == ("card.action.trigger_v1", "ou_demo", None)
    assert found.data["action"] == {"value": {"k": "v"}, "tag": "button"}


def test_one_message_under_two_event_ids_has_one_key() -> None:
    message = {"message": {"message_id": "om_1"}}
    first = parsed(sealed(v2_event(message, event_type=MESSAGE_TYPE, event_id="e-1")))
    second = parsed(sealed(v2_event(message, event_type=MESSAGE_TYPE, event_id="e-2")))
    assert first.key == second.key == "message:om_1"


def test_a_redelivery_with_a_new_stamp_has_the_same_key() -> None:
    body = VECTORS["message"]["body"]
    assert parsed(signed(body)).key == parsed(signed(body, timestamp="1700000001", nonce="7")).key


def test_ids_of_different_kinds_cannot_meet() -> None:
    v1 = {"uuid": "same", "token": TOKEN, "type": "event_callback", "event": {"type": "t"}}
    keys = {
        parsed(sealed(v1)).key,
        parsed(sealed(v2_event(event_id="same"))).key,
        parsed(sealed(v2_event({"message": {"message_id": "same"}}, event_type=MESSAGE_TYPE))).key,
    }
    assert len(keys) == 3


def test_a_message_without_its_id_falls_back_to_the_event_id() -> None:
    assert parsed(sealed(v2_event({"message": {}}, event_type=MESSAGE_TYPE))).key == "event:e-1"


def test_a_copied_old_click_is_a_duplicate_and_a_second_click_is_not() -> None:
    assert old_click().key == old_click().key
    assert old_click().key != old_click(nonce="another click").key
    assert OLD_CARD["sha1"] not in str(old_click().key)


@pytest.mark.parametrize("kind", ["card.action.trigger", "url.preview.get"])
def test_a_callback_without_an_id_is_taken_without_a_key(kind: str) -> None:
    assert parsed(sealed(v2_event(event_type=kind, event_id=...))).key is None


@pytest.mark.parametrize("event_id", [..., None, "", 7, ["x"], "a\nb", "x" * 201])
def test_an_event_without_a_usable_id_is_refused(event_id: object) -> None:
    with pytest.raises(PayloadError):
        parsed(sealed(v2_event(event_id=event_id)))


@pytest.mark.parametrize("kind", [..., None, "", 7, {}, "x" * 201])
def test_an_event_without_a_usable_type_is_refused(kind: object) -> None:
    with pytest.raises(PayloadError):
        parsed(sealed(v2_event(event_type=kind)))


def test_an_unknown_type_is_kept_as_it_came() -> None:
    assert parsed(sealed(v2_event(event_type="brand.new_v9"))).type == "brand.new_v9"


@pytest.mark.parametrize("value", ["text", {"k": "v"}, ["a"], None])
def test_the_value_of_a_card_action_may_be_anything(value: object) -> None:
    event = {"operator": {"open_id": "ou_1"}, "action": {"value": value}}
    found = parsed(sealed(v2_event(event, event_type="card.action.trigger")))
    assert found.data["event"]["action"]["value"] == value


def test_a_message_full_of_brackets_is_taken() -> None:
    content = json.dumps({"text": "[{" * 200})
    event = {"message": {"message_id": "om_1", "content": content}}
    assert parsed(sealed(v2_event(event, event_type=MESSAGE_TYPE))).data["event"] == event


@pytest.mark.parametrize(
    ("event", "subject"),
    [
        ({"sender": {"sender_id": {"open_id": "ou_1"}}, "operator": {"open_id": "ou_2"}}, "ou_1"),
        ({"operator": {"open_id": "ou_2"}, "user": {"open_id": "ou_3"}}, "ou_2"),
        ({"operator": {"operator_id": {"open_id": "ou_2"}}}, "ou_2"),
        ({"operator_id": {"open_id": "ou_2"}}, "ou_2"),
        ({"user": {"open_id": "ou_3"}}, "ou_3"),
        ({"user_id": {"open_id": "ou_3"}}, "ou_3"),
        ({"reader": {"reader_id": {"open_id": "ou_4"}}}, "ou_4"),
        ({"object": {"open_id": "ou_5"}}, "ou_5"),
        ({"open_id": "ou_6", "user_id": "plain"}, "ou_6"),
        ({"sender": "ou_1", "operator": None, "open_id": 7}, None),
        ([], None),
        ("text", None),
    ],
)
def test_the_person_an_event_is_about_is_found(event: object, subject: str | None) -> None:
    assert parsed(sealed(v2_event(event))).subject == subject


@pytest.mark.parametrize(
    "stamp", [..., None, "", "x", "17000000001", "１７０００００００００００", "-700000000123", {}, True]
)
def test_a_creation_time_in_another_form_is_left_out(stamp: object) -> None:
    assert parsed(sealed(v2_event(create_time=stamp))).occurred_at is None


def test_a_creation_time_may_be_a_number() -> None:
    assert parsed(sealed(v2_event(create_time=1700000000123))).occurred_at is not None


@pytest.mark.parametrize("stamp", ["1502199207", "1502199207.5", 1502199207.5], ids=repr)
def test_the_seconds_of_version_1_may_have_a_fraction(stamp: object) -> None:
    event = {"uuid": "u", "ts": stamp, "token": TOKEN, "event": {"type": "t", "app_id": APP_ID}}
    found = parsed(sealed(event)).occurred_at
    assert found is not None
    assert found.replace(microsecond=0) == datetime(2017, 8, 8, 13, 33, 27, tzinfo=UTC)


def test_a_challenge_is_no_event() -> None:
    source = connector()
    request = delivery(VECTORS["challenge"]["encrypted"])
    with pytest.raises(PayloadError):
        source.parse(request, verified(request))


def test_something_verified_elsewhere_is_not_parsed() -> None:
    with pytest.raises(PayloadError):
        connector().parse(delivery(b"{}"), Verified("other"))


# ---------------------------------------------------------------- answers


def acknowledged(kind: str, situation: Situation, data: Any = None) -> Reply:
    request = delivery(b"")
    outcome = Outcome(situation, "evt_1", ParsedEvent(kind, "k", {}), data=data, trace_id="t")
    return connector().acknowledge(request, Verified("test"), outcome)


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        (Situation.ACCEPTED, 200),
        (Situation.STILL_RUNNING, 200),
        (Situation.SUCCESS, 200),
        (Situation.ALREADY_PROCESSED, 200),
        (Situation.COME_AGAIN, 503),
        (Situation.HANDLER_FAILED, 500),
        (Situation.UNKNOWN_EVENT_TYPE, 400),
    ],
)
def test_events_are_answered_in_the_unified_words(situation: Situation, status: int) -> None:
    assert acknowledged(MESSAGE_TYPE, situation).status == status


@pytest.mark.parametrize("kind", CALLBACKS)
@pytest.mark.parametrize("situation", list(Situation))
def test_a_callback_always_gets_a_json_object_with_200(kind: str, situation: Situation) -> None:
    reply = acknowledged(kind, situation)
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert isinstance(json.loads(reply.body), dict)


@pytest.mark.parametrize("kind", CALLBACKS)
@pytest.mark.parametrize("situation", [Situation.SUCCESS, Situation.ALREADY_PROCESSED])
def test_a_callback_is_answered_with_what_its_handler_returned(kind: str, situation: Situation) -> None:
    toast = {"toast": {"type": "success", "content": "好"}}
    assert json.loads(acknowledged(kind, situation, toast).body) == toast


@pytest.mark.parametrize("data", [None, "text", ["list"], 7, b"x"])
def test_a_callback_whose_handler_returned_no_object_changes_nothing(data: object) -> None:
    assert acknowledged("card.action.trigger", Situation.SUCCESS, data).body == b"{}"


def test_a_failed_card_click_shows_a_toast_in_two_languages() -> None:
    toast = json.loads(acknowledged("card.action.trigger", Situation.HANDLER_FAILED).body)["toast"]
    assert toast["type"] == "error"
    assert set(toast["i18n"]) == {"zh_cn", "en_us"}


@pytest.mark.parametrize("kind", ["card.action.trigger_v1", "url.preview.get"])
def test_a_failed_callback_that_knows_no_toasts_changes_nothing(kind: str) -> None:
    assert acknowledged(kind, Situation.HANDLER_FAILED).body == b"{}"


@pytest.mark.parametrize("data", [{"x": object()}, {"1": {"2": {3}}}])
def test_a_result_that_json_cannot_say_never_raises(data: object) -> None:
    assert "toast" in json.loads(acknowledged("card.action.trigger", Situation.SUCCESS, data).body)


@pytest.mark.parametrize(
    ("data", "said"), [({"x": 1 << 70}, {"x": 1 << 70}), ({"x": "\ud800"}, {"x": "\ufffd"})]
)
def test_what_json_can_say_of_a_result_is_answered(data: object, said: object) -> None:
    assert json.loads(acknowledged("card.action.trigger", Situation.SUCCESS, data).body) == said


def test_the_channel_answers_within_the_platforms_three_seconds() -> None:
    source = connector()
    assert source.answer_within is not None
    assert source.answer_within < 3
    assert source.retries_failed_answers
    assert source.methods == ("POST",)


def test_a_sealed_body_is_parsed_to_what_was_sealed() -> None:
    content = v2_event({"text": "\u2028 你好 \\u0000"})
    assert parsed(signed(seal(compact(content)))).data == content
