"""What a handler returned, as the person reads it: which reply a message and an event take, and what makes none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.values import Situation
from sandbox.platforms.wecom_aibot.firing import open_reply
from tests.platforms.callback_cases import NOW, answered
from tests.platforms.wecom_aibot.bot import (
    AES_KEY,
    NONCE,
    OTHER_AES_KEY,
    TOKEN,
    bot,
    event,
    message,
    reply_to,
    sent,
)

CARD = {"card_type": "text_notice", "main_title": {"title": "你好"}}
PICTURE = {"msgtype": "image", "image": {"base64": "aGk=", "md5": "49f68a5c8493ec2c0bf489821c21fc3b"}}
WELCOME, CLICK, FEEDBACK = event("enter_chat"), event("template_card_event"), event("feedback_event")
POLL = message("stream", msgid="p1", stream={"id": "s1"})


def stream_of(text: bytes, data: Any) -> Any:
    reply = reply_to(text, data)
    assert reply is not None
    assert reply["msgtype"] == "stream"
    return reply["stream"]


def test_text_to_a_message_is_a_finished_stream() -> None:
    stream = stream_of(message(), "好的")
    assert (stream["finish"], stream["content"]) == (True, "好的")


def test_text_to_a_first_visit_is_a_welcome() -> None:
    assert reply_to(WELCOME, "欢迎") == {"msgtype": "text", "text": {"content": "欢迎"}}


def test_the_answer_to_a_poll_goes_on_with_its_stream() -> None:
    told = {"msg_type": "stream", "id": "mine", "finish": False, "content": "half"}
    assert stream_of(POLL, "whole") == {"id": "s1", "finish": True, "content": "whole"}
    assert stream_of(POLL, told) == {"id": "s1", "finish": False, "content": "half"}


def test_a_stream_may_begin_empty_and_names_itself() -> None:
    told = {"msg_type": "stream", "id": "mine", "finish": False}
    assert stream_of(message(), told) == {"id": "mine", "finish": False, "content": ""}


def test_without_an_id_a_stream_has_that_of_its_message() -> None:
    first, again, other = (stream_of(message(msgid=number), "hi")["id"] for number in ("1", "1", "2"))
    assert first == again != other


def test_pictures_come_with_the_end_of_a_stream_alone() -> None:
    told = {"msg_type": "stream", "content": "hi", "msg_item": [PICTURE, "no picture"] + [PICTURE] * 10}
    assert stream_of(message(), told)["msg_item"] == [PICTURE] * 10
    assert "msg_item" not in stream_of(message(), told | {"finish": False})


def test_feedback_is_asked_for_by_an_id_that_the_platform_takes() -> None:
    told = {"msg_type": "stream", "content": "hi", "feedback": {"id": "f1"}}
    assert stream_of(message(), told)["feedback"] == {"id": "f1"}
    assert "feedback" not in stream_of(message(), told | {"feedback": {"id": "长" * 86}})


def test_a_long_answer_is_cut_at_the_limit_between_characters() -> None:
    content = stream_of(message(), "长" * 7000)["content"]
    assert content == "长" * 6826


@pytest.mark.parametrize("text", [message(), POLL, WELCOME])
def test_a_card_is_handed_on_as_it_is(text: bytes) -> None:
    told = {"msg_type": "template_card", "template_card": CARD}
    assert reply_to(text, told) == {"msgtype": "template_card", "template_card": CARD}


def test_a_card_may_come_with_a_stream() -> None:
    told = {"msg_type": "stream_with_template_card", "content": "hi", "id": "s", "template_card": CARD}
    assert reply_to(message(), told) == {
        "msgtype": "stream_with_template_card",
        "stream": {"id": "s", "finish": True, "content": "hi"},
        "template_card": CARD,
    }


@pytest.mark.parametrize(
    ("userids", "named"), [(["a", 5, "b"], {"userids": ["a", "b"]}), ([], {}), ("a", {})]
)
def test_a_pressed_card_is_changed_for_some_or_all(userids: Any, named: dict[str, Any]) -> None:
    told = {"msg_type": "update_template_card", "template_card": CARD, "userids": userids}
    assert reply_to(CLICK, told) == {
        "response_type": "update_template_card",
        **named,
        "template_card": CARD,
    }


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (message(), None),
        (message(), ""),
        (message(), " \n"),
        (message(), 5),
        (message(), ["hi"]),
        (message(), {"content": "hi"}),
        (message(), {"msg_type": ["text"], "content": "hi"}),
        (message(), {"msg_type": "image", "content": "hi"}),
        (message(), {"msg_type": "text", "content": 5}),
        (message(), {"msg_type": "stream", "finish": True}),
        (message(), {"msg_type": "template_card", "template_card": {}}),
        (message(), {"msg_type": "template_card", "template_card": "card"}),
        (message(), {"msg_type": "template_card", "template_card": {"a": {1, 2}}}),
        (message(), {"msg_type": "template_card", "template_card": {"a": "\ud800"}}),
        (message(), {"msg_type": "template_card", "template_card": {"a": 2**70}}),
        (message(), {"msg_type": "stream_with_template_card", "content": "hi"}),
        (message(), {"msg_type": "stream_with_template_card", "template_card": CARD}),
        (message(), {"msg_type": "update_template_card", "template_card": CARD}),
        (WELCOME, {"msg_type": "stream", "content": "hi"}),
        (WELCOME, " "),
        (CLICK, "hi"),
        (CLICK, {"msg_type": "template_card", "template_card": CARD}),
        (CLICK, {"msg_type": "update_template_card"}),
        (FEEDBACK, "thanks"),
        (FEEDBACK, {"msg_type": "template_card", "template_card": CARD}),
        (event("new_event"), "hi"),
    ],
    ids=str,
)
def test_what_makes_no_reply_is_an_empty_answer(text: bytes, data: Any) -> None:
    assert reply_to(text, data) is None


def test_odd_characters_are_replaced_and_not_refused() -> None:
    assert stream_of(message(), "a\ud800\x00b")["content"] == "a?\x00b"


def test_the_envelope_of_a_reply_has_the_names_and_types_of_bots() -> None:
    body = json.loads(answered(bot(), sent(message()), "hi").body)
    assert list(body) == ["encrypt", "msgsignature", "timestamp", "nonce"]
    assert (body["timestamp"], body["nonce"]) == (int(NOW.timestamp()), NONCE)


@pytest.mark.parametrize("keys", [[OTHER_AES_KEY, AES_KEY], [AES_KEY, OTHER_AES_KEY]])
def test_a_reply_is_made_with_the_keys_that_fitted(keys: list[str]) -> None:
    connector = bot(encoding_aes_key=keys, token=["new-token-1", TOKEN])
    reply = answered(connector, sent(message()), "hi")
    assert open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY)["stream"]["content"] == "hi"


def test_a_repeated_message_gets_the_same_reply_again() -> None:
    reply = answered(bot(), sent(message()), "hi", Situation.ALREADY_PROCESSED)
    assert open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY)["stream"]["content"] == "hi"


@pytest.mark.parametrize("situation", [Situation.ACCEPTED, Situation.STILL_RUNNING])
def test_nothing_is_said_before_a_handler_has_ended(situation: Situation) -> None:
    assert answered(bot(), sent(message()), "hi", situation).body == b""
