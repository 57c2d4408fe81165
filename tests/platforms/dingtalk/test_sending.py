"""Messages with DingTalk: the custom robot, work notices and the application's robot against the simulated platform; what every answer means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import TokenRejected, UpstreamError
from app.core.sending import Message, OutcomeUnknown, QuotaReached, Recipient, Sender, SendRefused
from app.platforms.dingtalk import PLATFORM
from app.platforms.dingtalk.settings import DingtalkSettings
from sandbox.inbox import Delivered
from sandbox.platforms.dingtalk.messages import CHAT_ID
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.sandbox.server import SandboxServer

MAYA, LIN = "manager10004", "manager10001"
ROBOT_TOKEN = "566cc69da782ec33c42512c4bd0b2d4fcc5ccaaa"
ROBOT_SECRET = "SEC0123456789abcdef"
NUMBERED: dict[str, dict[tuple[int, str], str]] = {
    "robot": {
        (310000, "keywords not in content, more: [x]"): "settings",
        (310000, "description:关键词不匹配"): "settings",
        (310000, "sign not match"): "settings",
        (310000, "invalid timestamp"): "settings",
        (310000, "ip 198.51.100.7 not in whitelist"): "settings",
        (310000, "something else"): "settings",
        (130101, "send too fast, exceed 20 times per minute"): "wait",
        (410100, "x"): "wait",
        (90030, "webhook over limit"): "wait",
        (300001, "token is not exist"): "settings",
        (300001, "param error"): "content",
        (300005, "token is not exist"): "settings",
        (400013, "x"): "settings",
        (400101, "x"): "settings",
        (400102, "x"): "settings",
        (400106, "x"): "settings",
        (400105, "msgtype not support"): "content",
        (40035, "x"): "content",
        (43004, "x"): "content",
        (43002, "x"): "content",
        (460101, "x"): "content",
        (-1, "busy"): "busy",
        (7, "new"): "content",
    },
    "user_id": {
        (40014, "x"): "stale",
        (42001, "x"): "stale",
        (60020, "x"): "settings",
        (33012, "x"): "settings",
        (60011, "x"): "settings",
        (40035, "x"): "content",
        (-1, "x"): "busy",
    },
}
WORDS = {
    ("invalidParameter.robotCode.auth", 400): "settings",
    ("Forbidden.AccessDenied.IpNotInWhiteList", 403): "settings",
    ("Forbidden.AccessDenied.AccessTokenPermissionDenied", 403): "settings",
    ("Forbidden", 403): "settings",
    ("invalidParameter.userIds.empty", 400): "recipient",
    ("invalidParameter.openConversationId.invalid", 400): "recipient",
    ("invalidParameter.msgKey.invalid", 400): "content",
    ("invalidParameter.param.invalid", 400): "content",
    ("msg.unsupported", 400): "content",
    ("new.word", 400): "content",
    ("InvalidAuthentication", 400): "stale",
    ("x", 401): "stale",
    ("Throttling.user", 400): "wait",
    ("x", 429): "wait",
    ("x", 503): "busy",
    ("x", 504): "unclear",
    ("x", 202): "unknown",
    ("x", 200): "unknown",
}


def connector_of(sandbox: SandboxServer, **keys: Any) -> Any:
    own, base = sandbox.settings, f"{sandbox.url}/dingtalk"
    usual = {
        "app_key": own["DINGTALK_APP_KEY"],
        "app_secret": own["DINGTALK_APP_SECRET"],
        "agent_id": own["DINGTALK_AGENT_ID"],
        "robot_token": own["DINGTALK_ROBOT_TOKEN"],
        "robot_secret": own["DINGTALK_ROBOT_SECRET"],
        "api_base": base,
        "oapi_base": base,
    }
    return PLATFORM.open("dingtalk", DingtalkSettings.model_validate(usual | keys))


def offline(**keys: Any) -> Any:
    usual = {
        "app_key": "ding1",
        "app_secret": "s3cret",
        "robot_token": ROBOT_TOKEN,
        "robot_secret": ROBOT_SECRET,
    }
    return PLATFORM.open("dingtalk", DingtalkSettings.model_validate(usual | keys))


@pytest.fixture
def dingtalk(sandbox: SandboxServer) -> Sending:
    return sending(connector_of(sandbox))


def delivered(sandbox: SandboxServer) -> list[Delivered]:
    return sandbox.state.inbox.of("dingtalk")


def test_a_robots_markdown_is_signed_titled_and_drawn(sandbox: SandboxServer, dingtalk: Sending) -> None:
    dingtalk.send(Message(title="Disk full", text="**db-1** is at 97%\n\n- one\n- two"))
    dingtalk.send(Message(text="no title here"))
    first, second = delivered(sandbox)
    assert (first.heading, first.kind) == ("Disk full", "markdown")
    assert "<strong>db-1</strong>" in str(first.drawn)
    assert "<li>two</li>" in str(first.drawn)
    assert second.heading == "no title here"


def test_mentions_are_in_the_list_and_in_the_markdown_of_the_first_part(
    sandbox: SandboxServer, dingtalk: Sending
) -> None:
    dingtalk.send(Message(text="look\n\n" + "很长的一段话。" * 2000, mentions=("13800000004", MAYA, "@all")))
    first, *others = delivered(sandbox)
    assert others
    assert first.mentions == ("13800000004", MAYA, "@all")
    assert first.text.endswith(f"@13800000004 @{MAYA}")
    assert all(each.mentions == () for each in others)
    assert all(len(json.dumps(each.raw, ensure_ascii=False).encode()) <= 20_000 for each in (first, *others))


def test_what_is_in_the_platforms_own_words_passes_through_unchanged(
    sandbox: SandboxServer, dingtalk: Sending
) -> None:
    card = {
        "title": "Deploy",
        "text": "## done",
        "btns": [{"title": "Open", "actionURL": "https://a.example/"}],
    }
    link = {"title": "t", "messageURL": "https://a.example/", "picURL": "https://a.example/p.png"}
    for kind, content in (
        ("text", {"content": "hi", "future": 1}),
        ("link", {"title": "t", "text": "x", "messageUrl": "https://a.example/"}),
        ("actionCard", card),
        ("feedCard", {"links": [link]}),
    ):
        dingtalk.send(Message(type=kind, content=content))
        assert sandbox.state.calls("dingtalk.robot_send")[-1].json == {"msgtype": kind, kind: content}
    assert delivered(sandbox)[2].buttons == (("Open", "https://a.example/"),)


def test_what_dingtalk_would_refuse_is_refused_at_once(dingtalk: Sending) -> None:
    for kind, word, content, to in (
        ("marquee", "unknown_type", {}, "robot"),
        ("markdown", "bad_content", {"text": "no title"}, "robot"),
        ("text", "text_too_long", {"content": "字" * 7000}, "robot"),
        ("actionCard", "bad_content", {"title": "t", "text": "x", "btns": [{"title": "t"}]}, "robot"),
        ("feedCard", "bad_content", {"links": ["x"]}, "robot"),
        ("text", "text_too_long", {"content": "字" * 683}, "user_id"),
        ("markdown", "text_too_long", {"title": "t", "text": "a" * 2048}, "department"),
        ("oa", "bad_content", {"head": {}}, "user_id"),
        ("text", "unknown_type", {"content": "x"}, "chat_id"),
        ("sampleText", "text_too_long", {"content": "a" * 15_000}, "chat_id"),
    ):
        assert refused_parts(dingtalk.sender, Message(type=kind, content=content), to).code == word, (
            kind,
            to,
        )
    assert (
        refused_parts(dingtalk.sender, Message(text="x", mentions=("two words",)), "robot").code
        == "bad_mention"
    )


def test_work_notices_reach_members_departments_and_everybody(
    sandbox: SandboxServer, dingtalk: Sending
) -> None:
    for to, reached in (
        ([Recipient("user_id", MAYA), Recipient("user_id", LIN)], 2),
        ([Recipient("department", "1")], 4),
        ([Recipient("user_id", "@all")], 4),
    ):
        sandbox.state.inbox.clear()
        (result,) = dingtalk.send(Message(title="Lunch", text=f"for {len(to)}, {to[0].value}"), *to)
        assert len({message.conversation for message in delivered(sandbox)}) == reached
        assert result.accepted_only
        assert (result.message_id or "").isdigit()


def test_an_id_that_would_name_others_is_sent_nothing(sandbox: SandboxServer, dingtalk: Sending) -> None:
    (result,) = dingtalk.send(
        Message(text="hi"), Recipient("user_id", f"{LIN},x"), Recipient("user_id", MAYA)
    )
    assert set(result.not_reached) == {f"{LIN},x"}
    assert [message.conversation for message in delivered(sandbox)] == [f"user:{MAYA}"]
    error = dingtalk.refusal(Message(text="hi"), Recipient("department", "1,2"))
    assert isinstance(error, SendRefused)
    assert error.at_fault == "recipient"


def test_the_same_notice_a_second_later_is_another_one(sandbox: SandboxServer, dingtalk: Sending) -> None:
    (part,) = dingtalk.sender.parts(Message(text="disk full"), "user_id")
    assert dingtalk.sender.parts(Message(text="disk full"), "user_id") == [part]
    dingtalk.send_part(part, [Recipient("user_id", MAYA)])
    (message,) = delivered(sandbox)
    assert message.text.startswith("disk full\n\n20")
    native = Message(type="text", content={"content": "disk full"})
    for _ in range(2):
        dingtalk.send(native, Recipient("user_id", MAYA))
    assert len(delivered(sandbox)) == 2


def test_without_an_agent_id_the_applications_robot_writes_to_members_and_groups(
    sandbox: SandboxServer,
) -> None:
    robot = sending(connector_of(sandbox, agent_id=""))
    (result,) = robot.send(
        Message(title="Hi", text="*there*"), Recipient("user_id", MAYA), Recipient("user_id", "ghost")
    )
    assert set(result.not_reached) == {"ghost"}
    assert result.accepted_only
    robot.send(Message(text="all of you", format="text"), Recipient("chat_id", CHAT_ID))
    assert [message.conversation for message in delivered(sandbox)] == [f"user:{MAYA}", f"chat:{CHAT_ID}"]
    error = robot.refusal(Message(text="x"), Recipient("chat_id", "cidOther"))
    assert isinstance(error, SendRefused)
    assert error.at_fault == "recipient"


def test_every_number_and_word_has_its_outcome_and_no_sentence_holds_a_secret() -> None:
    def check(kind: str, given: Any, expected: str, connector: Any) -> None:
        fake = sending(connector, api(given))
        fake.app_token = "APP-TOKEN"
        error = fake.refusal(Message(text="x"), Recipient(kind, "u1"))
        assert isinstance(error, UpstreamError)
        assert outcome_of(error) == expected, (kind, given.body)
        for secret in (ROBOT_TOKEN, ROBOT_SECRET, "APP-TOKEN"):
            assert secret not in error.message

    noticing, robot = offline(agent_id=7), offline()
    for kind, cases in NUMBERED.items():
        for (number, text), expected in cases.items():
            check(kind, answer({"errcode": number, "errmsg": text}), expected, noticing)
    for (word, status), expected in WORDS.items():
        check("chat_id", answer({"code": word, "message": "m"}, status), expected, robot)
    wrapped = {"errcode": 88, "errmsg": "ding talk error", "sub_code": "40035", "sub_msg": "x"}
    check("user_id", answer(wrapped), "content", noticing)


def test_the_page_against_floods_is_waited_for_and_a_page_that_says_nothing_is_unclear() -> None:
    flood = sending(offline(), api(answer({"status": 1111, "wait": 5, "punish": "deny", "uuid": "u"})))
    error = flood.refusal(Message(text="x"))
    assert isinstance(error, QuotaReached)
    assert error.retry_after == 5
    assert isinstance(sending(offline(), api(answer(b"<html>"))).refusal(Message(text="x")), OutcomeUnknown)


def test_a_wrong_secret_a_wrong_token_a_full_robot_and_a_stale_token_are_told_apart(
    sandbox: SandboxServer, dingtalk: Sending
) -> None:
    for keys in ({"robot_secret": "SECother"}, {"robot_token": ROBOT_TOKEN}):
        error = sending(connector_of(sandbox, **keys)).refusal(Message(text="x"))
        assert isinstance(error, SendRefused)
        assert error.at_fault == "settings"
    dingtalk.app_token = "stale"
    for kind in ("user_id", "chat_id"):
        assert isinstance(dingtalk.refusal(Message(text="x"), Recipient(kind, MAYA)), TokenRejected), kind
    for _ in range(20):
        dingtalk.send(Message(text="x"))
    assert isinstance(dingtalk.refusal(Message(text="x")), QuotaReached)


def test_a_channel_sends_with_what_it_has_keys_for() -> None:
    def kinds(**keys: Any) -> tuple[str, ...]:
        connector = offline(**keys)
        return connector.recipient_kinds if isinstance(connector, Sender) else ()

    assert kinds() == ("robot", "user_id", "chat_id")
    assert kinds(agent_id=7) == ("robot", "user_id", "department", "chat_id")
    assert kinds(robot_token="") == ("user_id", "chat_id")
    assert kinds(app_secret="") == ("robot",)
    assert kinds(app_secret="", robot_token="") == ()


def test_a_robots_token_may_be_its_whole_address_and_needs_no_application() -> None:
    address = f"https://oapi.dingtalk.com/robot/send?access_token={ROBOT_TOKEN}"
    alone = DingtalkSettings.model_validate({"robot_token": address})
    assert alone.robot_token.get_secret_value() == ROBOT_TOKEN
    assert ROBOT_TOKEN not in repr(alone)
    for wrong in ({"robot_token": "two words"}, {"robot_token": address, "app_secret": "s3cret"}, {}):
        with pytest.raises(ValidationError):
            DingtalkSettings.model_validate(wrong)
