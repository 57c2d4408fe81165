"""Feishu's sender against the simulated Feishu: cards, posts and Feishu's own words, to people, groups and by a robot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import TokenRejected, UpstreamError
from app.core.sending import Message, QuotaReached, Recipient, Sender, SendRefused
from app.platforms import discover
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE
from sandbox.platforms.feishu import people
from sandbox.platforms.feishu.messages import CHAT_ID
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.stored_events import event_of
from tests.sandbox.server import SandboxServer

MAYA = PEOPLE[3]
ROBOT = Recipient("robot")


def channel(sandbox: SandboxServer, **changes: str) -> Any:
    own = sandbox.settings
    settings = {
        "app_id": own["FEISHU_APP_ID"],
        "app_secret": own["FEISHU_APP_SECRET"],
        "verification_token": own["FEISHU_VERIFICATION_TOKEN"],
        "robot_hook": f"{sandbox.url}/feishu/open-apis/bot/v2/hook/sandbox-robot-0001",
        "robot_secret": own["FEISHU_ROBOT_SECRET"],
        "api_base": f"{sandbox.url}/feishu",
        "accounts_base": f"{sandbox.url}/feishu",
    }
    spec = discover()["feishu"]
    return spec.open("feishu", spec.settings.model_validate(settings | changes))


@pytest.fixture
def feishu(sandbox: SandboxServer) -> Sending:
    return sending(channel(sandbox))


def kept(sandbox: SandboxServer, conversation: str = "") -> list[Delivered]:
    return sandbox.state.inbox.of("feishu", conversation)


def open_id(sandbox: SandboxServer) -> Recipient:
    return Recipient("open_id", people.open_id(MAYA, sandbox.settings["FEISHU_APP_ID"]))


def test_what_a_channel_can_send_follows_from_its_keys(sandbox: SandboxServer) -> None:
    app, robot = ("open_id", "user_id", "union_id", "chat_id", "email"), ("robot",)
    found = [channel(sandbox), channel(sandbox, robot_hook=""), channel(sandbox, app_secret="")]
    assert [each.recipient_kinds for each in found] == [robot + app, app, robot]
    assert [each.recognises_repeats for each in found] == [False, True, False]
    assert all(isinstance(each, Sender) for each in found)
    assert not isinstance(channel(sandbox, app_secret="", robot_hook=""), Sender)


def test_a_robot_alone_needs_nothing_but_its_address(sandbox: SandboxServer) -> None:
    hook = f"{sandbox.url}/feishu/open-apis/bot/v2/hook/sandbox-robot-0001"
    settings = discover()["feishu"].settings
    assert settings.model_validate({"robot_hook": hook}).missing_signature_secret()
    for keys in ({}, {"robot_hook": hook, "app_secret": "s3cret-of-an-app"}):
        with pytest.raises(ValidationError, match="app_id is missing"):
            settings.model_validate(keys)


def test_markdown_becomes_a_card_that_a_person_reads(sandbox: SandboxServer, feishu: Sending) -> None:
    message = Message(title="Build 42", text="**failed** on `main`\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    (result,) = feishu.send(message, open_id(sandbox))
    assert result.message_id is not None
    assert result.message_id.startswith("om_")
    (seen,) = kept(sandbox)
    assert (seen.kind, seen.heading) == ("interactive", "Build 42")
    assert "<strong>failed</strong>" in str(seen.drawn)
    assert "<td>1</td>" in str(seen.drawn)


def test_every_kind_of_receiver_is_reached(sandbox: SandboxServer, feishu: Sending) -> None:
    named = {
        "open_id": open_id(sandbox).value,
        "user_id": people.user_id(MAYA),
        "union_id": people.union_id(MAYA),
        "email": MAYA.email,
        "chat_id": CHAT_ID,
    }
    for kind, value in named.items():
        feishu.send(Message(text="hi"), Recipient(kind, value))
    assert len(kept(sandbox, "user:maya")) == 4
    assert len(kept(sandbox, f"chat:{CHAT_ID}")) == 1


def test_plain_text_is_shown_letter_by_letter(sandbox: SandboxServer, feishu: Sending) -> None:
    text = '<at user_id="all">x</at> **not bold**\nsecond line'
    feishu.send(Message(title="t", text=text, format="text"))
    (seen,) = kept(sandbox)
    assert (seen.kind, seen.heading, seen.mentions) == ("post", "t", ())
    assert text in seen.text


def test_what_people_wrote_calls_nobody(sandbox: SandboxServer, feishu: Sending) -> None:
    for written_in in ("markdown", "html", "text"):
        feishu.send(
            Message(
                text='<at id=all></at> &lt;at id=all&gt;&lt;/at&gt; `<at id="all"></at>` hello',
                format=written_in,
            )
        )
    assert [each.mentions for each in kept(sandbox)] == [()] * 3


def test_mentions_call_people_in_the_first_part_only(sandbox: SandboxServer, feishu: Sending) -> None:
    feishu.send(Message(text="word " * 6000, mentions=("@all", people.user_id(MAYA))))
    first, *others = kept(sandbox, "robot")
    assert first.mentions == ("所有人", MAYA.name_zh)
    assert others
    assert all(each.mentions == () for each in others)


def test_a_long_text_arrives_whole_in_parts_within_the_limits(
    sandbox: SandboxServer, feishu: Sending
) -> None:
    text = "\n\n".join(f'"quoted" \\ 第{number}段 ' + "长" * 300 for number in range(45))
    for to in (ROBOT, open_id(sandbox)):
        sandbox.state.inbox.clear()
        feishu.send(Message(title="Long", text=text), to)
        seen = kept(sandbox)
        assert len(seen) > 1
        assert seen[0].heading.endswith("Long")
        assert all(f"第{number}段" in "".join(each.text for each in seen) for number in range(45))


def test_own_words_pass_unchanged(sandbox: SandboxServer, feishu: Sending) -> None:
    card = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "<at id=all></at>"}]}}
    feishu.send(Message("interactive", card))
    feishu.send(Message("text", {"text": "a"}), open_id(sandbox))
    robot, person = kept(sandbox)
    assert robot.raw["card"] == card
    assert json.loads(person.raw["content"]) == {"text": "a"}


def test_a_wrong_shape_is_refused_before_anything_is_sent(feishu: Sending) -> None:
    for code, message, kind in (
        ("unknown_type", Message("file", {"file_key": "k"}), "robot"),
        ("bad_content", Message("text", {"content": "a"}), "open_id"),
        ("text_too_long", Message("text", {"text": "长" * 7000}), "robot"),
        ("bad_mention", Message(text="a", mentions=("+8613800000000",)), "robot"),
        ("text_too_long", Message(title="t" * 1001, text="a"), "robot"),
    ):
        assert refused_parts(feishu.sender, message, kind).code == code


def test_a_repeat_with_the_same_key_is_sent_once(sandbox: SandboxServer, feishu: Sending) -> None:
    results = [feishu.send(Message(text="once"), open_id(sandbox), repeat_key="0" * 32) for _ in range(2)]
    assert results[0] == results[1]
    assert len(kept(sandbox)) == 1


def test_refusals_of_the_platform_say_who_is_at_fault(sandbox: SandboxServer, feishu: Sending) -> None:
    bad_card = Message("interactive", {"schema": "2.0", "body": {}})
    other_robot = f"{sandbox.url}/feishu/open-apis/bot/v2/hook/x"
    for sender, message, to, at_fault, code in (
        (feishu, Message(text="a"), Recipient("open_id", "ou_nobody"), "recipient", "230034"),
        (feishu, Message(text="a"), Recipient("chat_id", "oc_other"), "recipient", "230002"),
        (feishu, bad_card, open_id(sandbox), "content", "230099"),
        (feishu, bad_card, ROBOT, "content", "11246"),
        (sending(channel(sandbox, robot_secret="another")), Message(text="a"), ROBOT, "settings", "19021"),
        (sending(channel(sandbox, robot_secret="")), Message(text="a"), ROBOT, "settings", "19021"),
        (sending(channel(sandbox, robot_hook=other_robot)), Message(text="a"), ROBOT, "settings", "19001"),
        (
            sending(channel(sandbox, robot_hook=f"{sandbox.url}/no")),
            Message(text="a"),
            ROBOT,
            "settings",
            "http_404",
        ),
    ):
        error = sender.refusal(message, to)
        assert isinstance(error, SendRefused)
        assert (error.at_fault, error.platform_code) == (at_fault, code)
        assert "/hook/" not in error.message
    assert kept(sandbox) == []


def test_a_stale_token_is_told(sandbox: SandboxServer, feishu: Sending) -> None:
    feishu.app_token = "t-old"
    assert isinstance(feishu.refusal(Message(text="a"), open_id(sandbox)), TokenRejected)


def test_a_robot_that_sent_a_hundred_in_a_minute_waits(sandbox: SandboxServer, feishu: Sending) -> None:
    sandbox.state.shelf("feishu.paces")["robot_minute"] = [sandbox.state.now()] * 100
    error = feishu.refusal(Message(text="a"))
    assert isinstance(error, QuotaReached)
    assert (error.retry_after, error.platform_code) == (60, "11232")


def test_a_hook_that_is_no_address_is_a_fault_of_the_channel(sandbox: SandboxServer) -> None:
    with pytest.raises(ValidationError) as caught:
        channel(sandbox, robot_hook="3f2a7c1e-secret")
    assert "3f2a7c1e" not in str(caught.value)


OUTCOMES: dict[str, tuple[int, ...]] = {
    "recipient": (230002, 230013, 230018, 230029, 230034, 230035, 230036, 230038, 230053, 232009),
    "content": (
        230001,
        230015,
        230017,
        230019,
        230022,
        230025,
        230028,
        230054,
        230055,
        230075,
        230099,
        424242,
    ),
    "settings": (230006, 230027, 99991401, 99991403, 99991672),
    "wait": (230020, 99991400),
    "busy": (230049,),
    "stale": (99991661, 99991663, 99991664, 99991668, 99991677),
    "robot settings": (19001, 19021, 19022, 19024),
    "robot content": (9499, 11246, 19002, 19036, 424242),
    "robot wait": (11232,),
}


def judged(sandbox: SandboxServer, to: Recipient, *answers: Any) -> str:
    told = sending(channel(sandbox), api(*answers))
    told.app_token = "t"
    error = told.refusal(Message(text="a"), to)
    assert isinstance(error, UpstreamError)
    return outcome_of(error)


def test_every_number_has_its_outcome_whatever_the_status(sandbox: SandboxServer) -> None:
    for name, codes in OUTCOMES.items():
        to = ROBOT if name.startswith("robot") else open_id(sandbox)
        for code in codes:
            for status in (200, 400):
                told = judged(sandbox, to, answer({"code": code, "msg": "no"}, status))
                assert told == name.removeprefix("robot "), code


def test_an_answer_that_cannot_be_read_is_never_a_success(sandbox: SandboxServer) -> None:
    assert judged(sandbox, ROBOT, answer(b"<html>")) == "unknown"
    assert judged(sandbox, open_id(sandbox), answer(b"", 502)) == "busy"
    assert judged(sandbox, open_id(sandbox), answer(b"", 429)) == "wait"


def test_an_event_is_answered_in_its_chat_or_to_its_person(sandbox: SandboxServer) -> None:
    in_chat = event_of(subject="ou_1", data={"event": {"message": {"chat_id": CHAT_ID}}})
    assert channel(sandbox).reply_to(in_chat) == Recipient("chat_id", CHAT_ID)
    assert channel(sandbox).reply_to(event_of(subject="ou_1", data={"event": []})) == Recipient(
        "open_id", "ou_1"
    )
    assert channel(sandbox).reply_to(event_of()) is None
    assert channel(sandbox, app_secret="").reply_to(in_chat) is None
