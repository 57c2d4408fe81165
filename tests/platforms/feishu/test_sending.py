"""Feishu's sender against the simulated Feishu: cards, posts and Feishu's own words, to people, groups and by a robot."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from app.core.errors import RequestError, TokenRejected, UpstreamUnavailable
from app.core.sending import (
    Lent,
    Message,
    OutcomeUnknown,
    QuotaReached,
    Recipient,
    Sender,
    SendRefused,
    SendResult,
)
from app.platforms import discover
from app.security.outbound import OutboundClient
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE
from sandbox.platforms.feishu import people
from sandbox.platforms.feishu.messages import CHAT_ID
from tests.platforms.answering import answer, api
from tests.sandbox.server import SandboxServer

MAYA = PEOPLE[3]
ROBOT = Recipient("robot")
KEY = "0123456789abcdef0123456789abcdef"


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
def feishu(sandbox: SandboxServer) -> Any:
    return channel(sandbox)


@pytest.fixture
def http(sandbox: SandboxServer) -> OutboundClient:
    return OutboundClient([sandbox.url])


def lent(feishu: Any, http: Any, *, key: str = KEY, token: str | None = "fetch") -> Lent:
    value = feishu.fetch_app_token(http, rejected=None).value if token == "fetch" else token
    return Lent(http, mail=cast(Any, None), repeat_key=key, now=datetime.now(UTC), app_token=value)


def send(feishu: Any, http: Any, message: Message, to: Recipient, **given: Any) -> list[SendResult]:
    parts = feishu.parts(message, to.kind)
    return [
        feishu.send(part, [to], lent(feishu, http, key=f"{n:032x}", **given)) for n, part in enumerate(parts)
    ]


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


def test_markdown_becomes_a_card_that_a_person_reads(
    sandbox: SandboxServer, feishu: Any, http: OutboundClient
) -> None:
    message = Message(title="Build 42", text="**failed** on `main`\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    (result,) = send(feishu, http, message, open_id(sandbox))
    assert result.message_id is not None
    assert result.message_id.startswith("om_")
    (seen,) = kept(sandbox)
    assert (seen.kind, seen.heading) == ("interactive", "Build 42")
    assert "<strong>failed</strong>" in str(seen.drawn)
    assert "<td>1</td>" in str(seen.drawn)


def test_every_kind_of_receiver_is_reached(sandbox: SandboxServer, feishu: Any, http: OutboundClient) -> None:
    named = {
        "open_id": open_id(sandbox).value,
        "user_id": people.user_id(MAYA),
        "union_id": people.union_id(MAYA),
        "email": MAYA.email,
        "chat_id": CHAT_ID,
    }
    for number, (kind, value) in enumerate(named.items()):
        to = Recipient(kind, value)
        (part,) = feishu.parts(Message(text="hi"), kind)
        feishu.send(part, [to], lent(feishu, http, key=f"{number:032x}"))
    assert len(kept(sandbox, f"user:{named['open_id']}")) == 4
    assert len(kept(sandbox, f"chat:{CHAT_ID}")) == 1


def test_plain_text_is_shown_letter_by_letter(
    sandbox: SandboxServer, feishu: Any, http: OutboundClient
) -> None:
    text = '<at user_id="all">x</at> **not bold**\nsecond line'
    send(feishu, http, Message(title="t", text=text, format="text"), ROBOT)
    (seen,) = kept(sandbox)
    assert (seen.kind, seen.heading, seen.mentions) == ("post", "t", ())
    assert text in seen.text


def test_mentions_call_people_in_the_first_part_only(
    sandbox: SandboxServer, feishu: Any, http: OutboundClient
) -> None:
    message = Message(text="word " * 6000, mentions=("@all", people.user_id(MAYA)))
    send(feishu, http, message, ROBOT)
    first, *others = kept(sandbox, "robot")
    assert first.mentions == ("所有人", MAYA.name_zh)
    assert others
    assert all(each.mentions == () for each in others)


def test_a_long_text_arrives_whole_in_parts_within_the_limits(
    sandbox: SandboxServer, feishu: Any, http: OutboundClient
) -> None:
    text = "\n\n".join(f'"quoted" \\ 第{number}段 ' + "长" * 300 for number in range(45))
    for to in (ROBOT, open_id(sandbox)):
        sandbox.state.reset()
        send(feishu, http, Message(title="Long", text=text), to)
        seen = kept(sandbox)
        assert len(seen) > 1
        assert [each.heading for each in seen][0].endswith("Long")
        assert all(f"第{number}段" in "".join(each.text for each in seen) for number in range(45))


def test_own_words_pass_unchanged(sandbox: SandboxServer, feishu: Any, http: OutboundClient) -> None:
    card = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "<at id=all></at>"}]}}
    send(feishu, http, Message("interactive", card), ROBOT)
    send(feishu, http, Message("text", {"text": "a"}), open_id(sandbox))
    robot, person = kept(sandbox)
    assert robot.raw["card"] == card
    assert json.loads(person.raw["content"]) == {"text": "a"}


def test_a_wrong_shape_is_refused_before_anything_is_sent(feishu: Any) -> None:
    faults = {
        "unknown_type": (Message("markdown", {"a": 1}), "robot"),
        "bad_content": (Message("text", {"content": "a"}), "open_id"),
        "text_too_long": (Message("text", {"text": "长" * 7000}), "robot"),
        "bad_mention": (Message(text="a", mentions=("+8613800000000",)), "robot"),
    }
    for code, (message, kind) in faults.items():
        with pytest.raises(RequestError) as caught:
            feishu.parts(message, kind)
        assert caught.value.code == code
    with pytest.raises(RequestError, match="share_chat"):
        feishu.parts(Message("file", {"file_key": "k"}), "robot")


def test_a_repeat_with_the_same_key_is_sent_once(
    sandbox: SandboxServer, feishu: Any, http: OutboundClient
) -> None:
    (part,) = feishu.parts(Message(text="once"), "open_id")
    results = [feishu.send(part, [open_id(sandbox)], lent(feishu, http)) for _ in range(2)]
    assert results[0] == results[1]
    assert len(kept(sandbox)) == 1
    assert part.recognised
    assert not feishu.parts(Message(text="twice"), "robot")[0].recognised


def test_refusals_of_the_platform_say_who_is_at_fault(
    sandbox: SandboxServer, feishu: Any, http: OutboundClient
) -> None:
    bad_card = Message("interactive", {"schema": "2.0", "body": {}})
    cases = [
        (feishu, Message(text="a"), Recipient("open_id", "ou_nobody"), "recipient", "230034"),
        (feishu, Message(text="a"), Recipient("chat_id", "oc_other"), "recipient", "230002"),
        (feishu, bad_card, open_id(sandbox), "content", "230099"),
        (feishu, bad_card, ROBOT, "content", "11246"),
        (channel(sandbox, robot_secret="another"), Message(text="a"), ROBOT, "settings", "19021"),
        (channel(sandbox, robot_secret=""), Message(text="a"), ROBOT, "settings", "19021"),
        (
            channel(sandbox, robot_hook=f"{sandbox.url}/feishu/open-apis/bot/v2/hook/x"),
            Message(text="a"),
            ROBOT,
            "settings",
            "19001",
        ),
        (
            channel(sandbox, robot_hook=f"{sandbox.url}/nowhere"),
            Message(text="a"),
            ROBOT,
            "settings",
            "http_404",
        ),
    ]
    for sender, message, to, at_fault, code in cases:
        with pytest.raises(SendRefused) as caught:
            send(sender, http, message, to)
        assert (caught.value.at_fault, caught.value.platform_code) == (at_fault, code)
        assert "sandbox-robot" not in caught.value.message
    assert kept(sandbox) == []


def test_a_stale_token_is_told(sandbox: SandboxServer, feishu: Any, http: OutboundClient) -> None:
    with pytest.raises(TokenRejected):
        send(feishu, http, Message(text="a"), open_id(sandbox), token="t-old")


def test_a_robot_that_sent_a_hundred_in_a_minute_waits(
    sandbox: SandboxServer, feishu: Any, http: OutboundClient
) -> None:
    sandbox.state.shelf("feishu.paces")["robot_minute"] = [sandbox.state.now()] * 100
    with pytest.raises(QuotaReached) as caught:
        send(feishu, http, Message(text="a"), ROBOT)
    assert (caught.value.retry_after, caught.value.platform_code) == (60, "11232")


OUTCOMES: dict[str, tuple[int, ...]] = {
    "recipient": (230002, 230013, 230018, 230029, 230034, 230035, 230036, 230038, 230053, 232009),
    "content": (230001, 230015, 230017, 230019, 230022, 230025, 230028, 230054, 230055, 230075, 230099),
    "settings": (230006, 230027, 99991401, 99991403, 99991672),
    "quota": (230020, 99991400),
    "busy": (230049,),
    "stale": (99991661, 99991663, 99991664, 99991668, 99991677),
    "robot settings": (19001, 19021, 19022, 19024),
    "robot content": (9499, 11246, 19002, 19036),
    "robot quota": (11232,),
}


def outcome(error: Exception) -> str:
    if isinstance(error, SendRefused):
        return error.at_fault
    if isinstance(error, TokenRejected):
        return "stale"
    if isinstance(error, QuotaReached):
        return "quota"
    assert isinstance(error, UpstreamUnavailable)
    assert not error.was_sent
    return "busy"


def judged(sender: Any, to: Recipient, *answers: Any) -> Exception:
    (part,) = sender.parts(Message(text="a"), to.kind)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - looked at by the caller
        sender.send(part, [to], lent(sender, api(*answers), token="t"))
    return caught.value


def test_every_number_has_its_outcome_whatever_the_status(feishu: Any, sandbox: SandboxServer) -> None:
    for name, codes in OUTCOMES.items():
        to = ROBOT if name.startswith("robot") else open_id(sandbox)
        for code in codes:
            for status in (200, 400):
                error = judged(feishu, to, answer({"code": code, "msg": "no"}, status))
                assert outcome(error) == name.removeprefix("robot "), code


def test_what_is_not_classified_is_never_sent(feishu: Any, sandbox: SandboxServer) -> None:
    error = judged(feishu, ROBOT, answer({"code": 424242, "msg": "?"}))
    assert isinstance(error, SendRefused)
    assert "not classified" in error.message
    assert isinstance(judged(feishu, ROBOT, answer(b"<html>")), OutcomeUnknown)
    assert isinstance(judged(feishu, open_id(sandbox), answer(b"", 502)), UpstreamUnavailable)
    assert isinstance(judged(feishu, open_id(sandbox), answer(b"", 429)), QuotaReached)
