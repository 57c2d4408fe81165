"""Messages with WeCom: the group's robot and the application against the simulated platform, and what every number means."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenSource, LoginProvider
from app.core.sending import Message, OutcomeUnknown, QuotaReached, Recipient, Sender, SendRefused
from app.platforms.wecom import PLATFORM
from app.platforms.wecom.settings import WecomSettings
from sandbox.inbox import Delivered
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.wecom.application import settings
from tests.platforms.wecom.test_simulator import connector_of
from tests.sandbox.server import SandboxServer

ROBOT_KEY = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
EVERYBODY = {"user:linxiao", "user:chenyutong", "user:wangzimo", "user:maya"}
REFUSED: dict[str, dict[tuple[int, str], str]] = {
    "robot": {
        (93000, "invalid webhook url, hint: [1]"): "settings",
        (93000, "message content exceed max length. invalid Request Parameter"): "content",
        (93008, "not in chat"): "settings",
        (44004, "empty content"): "content",
        (45002, "content size out of limit"): "content",
        (40058, "x"): "content",
        (40008, "x"): "content",
        (40007, "x"): "content",
        (40009, "x"): "content",
        (45009, "api freq out of limit"): "wait",
        (-1, "system busy"): "busy",
        (99999, "new"): "content",
    },
    "user_id": {
        (40014, "x"): "stale",
        (42001, "x"): "stale",
        (40001, "x"): "stale",
        (81013, "x"): "recipient",
        (40003, "x"): "recipient",
        (60111, "x"): "recipient",
        (60123, "x"): "recipient",
        (43004, "x"): "recipient",
        (60011, "x"): "settings",
        (301002, "x"): "settings",
        (50002, "x"): "settings",
        (40056, "x"): "settings",
        (60020, "not allow to access from your ip, from ip: 198.51.100.7"): "settings",
        (48002, "x"): "settings",
        (45033, "x"): "busy",
        (44004, "empty content"): "content",
    },
}


@pytest.fixture
def wecom(sandbox: SandboxServer) -> Sending:
    return sending(connector_of(sandbox, robot_key=sandbox.settings["WECOM_ROBOT_KEY"]))


def delivered(sandbox: SandboxServer) -> list[Delivered]:
    return sandbox.state.inbox.of("wecom")


def test_markdown_of_a_robot_arrives_with_its_table_drawn(sandbox: SandboxServer, wecom: Sending) -> None:
    text = "**Disk** is full\n\n| host | used |\n|---|---|\n| db-1 | 97% |\n"
    (result,) = wecom.send(Message(title="Alert", text=text))
    (message,) = delivered(sandbox)
    assert (message.kind, message.conversation) == ("markdown_v2", "robot")
    assert "Alert" in message.text
    assert "<strong>Disk</strong>" in str(message.drawn)
    assert "<td>97%</td>" in str(message.drawn)
    assert not result.accepted_only


def test_mentions_choose_the_kind_of_message_and_are_in_its_first_part_only(
    sandbox: SandboxServer, wecom: Sending
) -> None:
    long = "第一段。" * 200 + "\n\n" + "第二段。" * 200
    for mentions, kind in (
        (("maya",), "markdown"),
        (("maya", "@all"), "text"),
        (("13800000004",), "text"),
    ):
        sandbox.state.inbox.clear()
        wecom.send(Message(text=long, mentions=mentions))
        first, *others = delivered(sandbox)
        assert first.kind == kind
        assert first.mentions == mentions
        assert others
        assert all(message.mentions == () for message in others)


def test_a_long_text_is_split_by_bytes_and_arrives_in_order(sandbox: SandboxServer, wecom: Sending) -> None:
    wecom.send(
        Message(title="报告", text="\n\n".join(f"第 {n} 段：" + "很长的一句话。" * 40 for n in range(10)))
    )
    messages = delivered(sandbox)
    assert 1 < len(messages) <= 5
    assert all(len(message.text.encode()) <= 4096 for message in messages)
    joined = "".join(message.text for message in messages)
    assert [joined.index(f"第 {n} 段") for n in range(10)] == sorted(
        joined.index(f"第 {n} 段") for n in range(10)
    )


def test_what_is_in_the_platforms_own_words_passes_through_unchanged(
    sandbox: SandboxServer, wecom: Sending
) -> None:
    picture = b"\x89PNG not really"
    contents: dict[str, dict[str, Any]] = {
        "text": {"content": "hi", "mentioned_list": ["maya"], "future": [1]},
        "markdown": {"content": '<font color="warning">hot</font> <@maya>'},
        "image": {
            "base64": b64encode(picture).decode(),
            "md5": hashlib.md5(picture, usedforsecurity=False).hexdigest(),
        },
        "news": {"articles": [{"title": "t", "url": "https://a.example/", "description": "d"}]},
        "file": {"media_id": "m1"},
        "template_card": {
            "card_type": "text_notice",
            "main_title": {"title": "Deploy", "desc": "done"},
            "horizontal_content_list": [{"keyname": "by", "value": "Maya"}],
            "card_action": {"type": 1, "url": "https://a.example/"},
        },
    }
    for kind, content in contents.items():
        wecom.send(Message(type=kind, content=content))
        assert sandbox.state.calls("wecom.robot_send")[-1].json == {"msgtype": kind, kind: content}
    card = delivered(sandbox)[-1]
    assert (card.heading, card.fields) == ("Deploy", (("by", "Maya"),))
    assert 'class="tint-warning"' in str(delivered(sandbox)[1].drawn)


def test_what_wecom_would_refuse_or_cut_is_refused_at_once(wecom: Sending) -> None:
    sender = wecom.sender
    for kind, word, content in (
        ("marquee", "unknown_type", {}),
        ("text", "bad_content", {"content": 7}),
        ("text", "text_too_long", {"content": "字" * 683}),
        ("markdown", "text_too_long", {"content": "a" * 4097}),
        ("image", "bad_content", {"base64": "AAAA", "md5": "0" * 32}),
        ("image", "bad_content", {"base64": "no base64", "md5": "0" * 32}),
        ("news", "bad_content", {"articles": []}),
        ("news", "bad_content", {"articles": [{"title": "字" * 43}]}),
        ("news", "bad_content", {"articles": ["x"]}),
        ("template_card", "bad_content", {"card_type": "vote_interaction"}),
        ("template_card", "bad_content", {"card_type": "text_notice"}),
        ("file", "bad_content", {}),
        ("textcard", "unknown_type", {}),
    ):
        assert refused_parts(sender, Message(type=kind, content=content), "robot").code == word, (
            kind,
            content,
        )
    assert (
        refused_parts(sender, Message(type="markdown", content={"content": "a" * 2049}), "user_id").code
        == "text_too_long"
    )
    for mentions in (("two words",), ("@everyone",), tuple(f"u{n}" for n in range(51))):
        assert refused_parts(sender, Message(text="x", mentions=mentions), "robot").code == "bad_mention"


def test_the_application_reaches_members_departments_tags_and_everybody(
    sandbox: SandboxServer, wecom: Sending
) -> None:
    for to, reached in (
        ([Recipient("user_id", "Maya"), Recipient("user_id", "linxiao")], {"user:maya", "user:linxiao"}),
        ([Recipient("department", "2")], {"user:linxiao", "user:chenyutong"}),
        ([Recipient("tag", "1")], {"user:wangzimo", "user:maya"}),
        ([Recipient("user_id", "@all")], EVERYBODY),
    ):
        sandbox.state.inbox.clear()
        (result,) = wecom.send(Message(text="Lunch is *ready*"), *to)
        assert {message.conversation for message in delivered(sandbox)} == reached
        assert {message.kind for message in delivered(sandbox)} == {"markdown"}
        assert result.accepted_only
        assert result.message_id
        assert result.not_reached == {}


def test_whom_wecom_does_not_know_is_named_by_the_value_that_was_given(
    sandbox: SandboxServer, wecom: Sending
) -> None:
    (result,) = wecom.send(Message(text="hi"), Recipient("user_id", "Nobody"), Recipient("user_id", "maya"))
    assert set(result.not_reached) == {"Nobody"}
    assert [message.conversation for message in delivered(sandbox)] == ["user:maya"]
    (result,) = wecom.send(Message(text="hi"), Recipient("department", "77"), Recipient("department", "2"))
    assert set(result.not_reached) == {"77"}
    (result,) = wecom.send(Message(text="hi"), Recipient("user_id", "x|@all"), Recipient("user_id", "maya"))
    assert set(result.not_reached) == {"x|@all"}
    assert len(delivered(sandbox)) == 4
    error = wecom.refusal(Message(text="hi"), Recipient("user_id", "Nobody"))
    assert isinstance(error, SendRefused)
    assert (error.at_fault, error.platform_code) == ("recipient", "81013")


def test_every_number_has_its_outcome_and_no_sentence_holds_a_secret() -> None:
    connector = PLATFORM.open("wecom", settings(robot_key=ROBOT_KEY))
    for kind, cases in REFUSED.items():
        for (number, text), outcome in cases.items():
            fake = sending(connector, api(answer({"errcode": number, "errmsg": text})))
            fake.app_token = "APP-TOKEN"
            error = fake.refusal(Message(text="x"), Recipient(kind, "maya"))
            assert isinstance(error, UpstreamError)
            assert outcome_of(error) == outcome, (kind, number, text)
            assert error.platform_code == str(number)
            assert ROBOT_KEY not in error.message
            assert "APP-TOKEN" not in error.message
            assert "hint" not in error.message


def test_the_address_that_wecom_does_not_allow_is_named() -> None:
    fake = sending(
        PLATFORM.open("wecom", settings()), api(answer({"errcode": 60020, "errmsg": "from ip: 198.51.100.7"}))
    )
    fake.app_token = "APP"
    assert "198.51.100.7" in fake.refusal(Message(text="x"), Recipient("user_id", "maya")).message


def test_words_of_plain_text_call_nobody(wecom: Sending) -> None:
    for kind, key in (("robot", "@all"), ("user_id", None)):
        mentions = (key,) if key else ()
        for message in (Message(text="<@all>", format="text"), Message(text="<@u1> x", mentions=mentions)):
            (part,) = wecom.sender.parts(message, kind)
            assert "<@" not in str(part.body), message


def test_a_robot_that_sends_too_much_waits_a_minute(sandbox: SandboxServer, wecom: Sending) -> None:
    for number in range(20):
        wecom.send(Message(text=f"message {number}"))
    error = wecom.refusal(Message(text="one more"))
    assert isinstance(error, QuotaReached)
    assert error.retry_after == 60
    sandbox.state.advance(61)
    wecom.send(Message(text="one more"))
    assert len(delivered(sandbox)) == 21


def test_an_unknown_robot_a_stale_token_and_a_lost_answer_are_told_apart(
    sandbox: SandboxServer, wecom: Sending
) -> None:
    other = sending(connector_of(sandbox, robot_key=ROBOT_KEY))
    error = other.refusal(Message(text="x"))
    assert isinstance(error, SendRefused)
    assert error.at_fault == "settings"
    wecom.app_token = "stale"
    assert isinstance(wecom.refusal(Message(text="x"), Recipient("user_id", "maya")), TokenRejected)
    sandbox.state.faults.add("wecom.robot_send", "raw", 1, status=200, body="<html>proxy</html>")
    assert isinstance(wecom.refusal(Message(text="x")), OutcomeUnknown)
    sandbox.state.faults.add("wecom.robot_send", "lost_answer", 1)
    lost = wecom.refusal(Message(text="arrived all the same"))
    assert isinstance(lost, UpstreamUnavailable)
    assert lost.was_sent
    assert delivered(sandbox)[-1].text == "arrived all the same"


def test_with_its_duplicate_check_a_repeat_is_delivered_once_and_the_same_words_twice(
    sandbox: SandboxServer,
) -> None:
    checked = sending(connector_of(sandbox, duplicate_check=True))
    assert checked.sender.recognises_repeats
    for key in ("a" * 32, "a" * 32, "b" * 32):
        checked.send(Message(text="hi"), Recipient("user_id", "maya"), repeat_key=key)
    assert len(delivered(sandbox)) == 2
    mixed = connector_of(sandbox, duplicate_check=True, robot_key=ROBOT_KEY)
    assert not sending(mixed).sender.recognises_repeats


def test_a_channel_sends_with_what_it_has_keys_for() -> None:
    def offered(**keys: Any) -> tuple[Any, tuple[str, ...]]:
        connector = PLATFORM.open("wecom", settings(**keys))
        return connector, connector.recipient_kinds if isinstance(connector, Sender) else ()

    people = ("user_id", "department", "tag")
    assert offered()[1] == people
    assert offered(robot_key=ROBOT_KEY)[1] == ("robot", *people)
    assert offered(secret="")[1] == ()
    connector, kinds = offered(agent_id="", robot_key=ROBOT_KEY)
    assert kinds == ("robot",)
    assert isinstance(connector, AppTokenSource)
    connector, kinds = offered(secret="", robot_key=ROBOT_KEY)
    assert kinds == ("robot",)
    assert not isinstance(connector, LoginProvider)


def test_a_robots_key_may_be_its_whole_address_and_needs_no_company() -> None:
    address = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={ROBOT_KEY}"
    alone = WecomSettings.model_validate({"robot_key": address})
    assert alone.robot_key.get_secret_value() == ROBOT_KEY
    assert ROBOT_KEY not in repr(alone)
    for wrong in ({"robot_key": "two words"}, {"robot_key": address, "secret": "s3cret"}, {"robot_key": ""}):
        with pytest.raises(ValidationError):
            WecomSettings.model_validate(wrong)
