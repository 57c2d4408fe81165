"""Replies of a QQ bot against the simulated QQ: inside the window, each once, and what every number means."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.errors import UpstreamError
from app.core.ports import AppTokenSource, WebhookSource
from app.core.sending import Message, Recipient, Sender, SendRefused
from app.platforms import discover
from sandbox.inbox import Delivered
from sandbox.people import PEOPLE
from sandbox.platforms.qqbot.api import GROUP, open_id
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.stored_events import event_of
from tests.sandbox.server import SandboxServer

MAYA = open_id(PEOPLE[3])
TO = Recipient("open_id", f"{MAYA}/ROBOT1.0_m1")
IN_GROUP = Recipient("chat_id", f"{GROUP}/ROBOT1.0_g1")


def channel(sandbox: SandboxServer, **changes: Any) -> Any:
    own = sandbox.settings
    settings = {
        "app_id": own["QQBOT_APP_ID"],
        "secret": own["QQBOT_SECRET"],
        "api_base": f"{sandbox.url}/qqbot",
        "token_base": f"{sandbox.url}/qqbot",
    }
    spec = discover()["qqbot"]
    return spec.open("qqbot", spec.settings.model_validate(settings | changes))


@pytest.fixture
def qqbot(sandbox: SandboxServer) -> Sending:
    return sending(channel(sandbox))


def kept(sandbox: SandboxServer, conversation: str = "") -> list[Delivered]:
    return sandbox.state.inbox.of("qqbot", conversation)


def refused(bot: Sending, message: Message, to: Recipient) -> tuple[str, str | None]:
    error = bot.refusal(message, to)
    assert isinstance(error, SendRefused)
    return error.at_fault, error.platform_code


def test_one_channel_takes_callbacks_and_replies(sandbox: SandboxServer) -> None:
    for capability in (WebhookSource, Sender, AppTokenSource):
        assert isinstance(channel(sandbox), capability)
    without = channel(sandbox, secret="")
    assert isinstance(without, WebhookSource)
    assert not isinstance(without, Sender)


def test_a_reply_arrives_as_plain_text(sandbox: SandboxServer, qqbot: Sending) -> None:
    (result,) = qqbot.send(Message(title="构建", text="**失败**，见日志"), TO)
    qqbot.send(Message("text", {"content": "群里好"}), IN_GROUP)
    assert [each.text for each in kept(sandbox, "user:maya")] == ["构建\n失败，见日志"]
    assert [each.text for each in kept(sandbox, f"group:{GROUP}")] == ["群里好"]
    assert result.message_id is not None
    assert kept(sandbox, "user:maya")[0].raw["msg_id"] == "ROBOT1.0_m1"


def test_a_repeat_with_the_same_key_is_one_reply(sandbox: SandboxServer, qqbot: Sending) -> None:
    first = qqbot.send(Message(text="once"), TO, repeat_key="f" * 32)
    again = qqbot.send(Message(text="once"), TO, repeat_key="f" * 32)
    assert len(kept(sandbox)) == 1
    assert first[0].message_id
    assert again[0].accepted_only


def test_a_message_is_answered_five_times_and_for_an_hour(sandbox: SandboxServer, qqbot: Sending) -> None:
    for number in range(5):
        qqbot.send(Message(text=str(number)), TO)
    assert outcome_of(qqbot.refusal(Message(text="six"), TO)) == "wait"  # type: ignore[arg-type]
    qqbot.send(Message(text="a"), IN_GROUP)
    sandbox.state.advance(301)
    assert refused(qqbot, Message(text="a"), IN_GROUP) == ("recipient", "304027")
    sandbox.state.advance(3300)
    assert refused(qqbot, Message(text="a"), TO) == ("recipient", "304027")


def test_without_a_message_to_answer_nothing_goes_out(sandbox: SandboxServer, qqbot: Sending) -> None:
    for value in (MAYA, f"{MAYA}/", f"{MAYA}/event:", "a b/ROBOT1.0_1", "../x/ROBOT1.0_1", f"{MAYA}/ROBOT 1"):
        assert refused(qqbot, Message(text="a"), Recipient("open_id", value)) == ("recipient", None)
    assert sandbox.state.calls("qqbot.person") == []
    assert refused(qqbot, Message(text="a"), Recipient("open_id", f"{MAYA}/other")) == ("recipient", "304026")
    assert refused(qqbot, Message(text="a"), Recipient("open_id", "NOBODY/ROBOT1.0_1")) == (
        "recipient",
        "10001",
    )


def test_an_event_is_answered_by_its_id(sandbox: SandboxServer, qqbot: Sending) -> None:
    qqbot.send(Message("media", {"file_info": "f"}), Recipient("open_id", f"{MAYA}/event:EVENT1.0_1"))
    (seen,) = kept(sandbox)
    assert (seen.raw["event_id"], seen.raw["media"], seen.raw["content"]) == (
        "EVENT1.0_1",
        {"file_info": "f"},
        " ",
    )
    assert refused(qqbot, Message("markdown", {"content": "# a"}), TO) == ("settings", "50056")


def test_a_wrong_shape_is_refused_before_anything_is_sent(qqbot: Sending) -> None:
    for code, message in (
        ("unknown_type", Message("card", {"a": 1})),
        ("bad_content", Message("text", {"text": "a"})),
        ("bad_content", Message("ark", {})),
        ("no_text", Message()),
    ):
        assert refused_parts(qqbot.sender, message, "open_id").code == code


def test_the_token_is_kept_until_its_last_minute(sandbox: SandboxServer, qqbot: Sending) -> None:
    first = qqbot.connector.fetch_app_token(qqbot.http, rejected=None)
    assert first.expires_in == 7200
    sandbox.state.advance(7000)
    assert qqbot.connector.fetch_app_token(qqbot.http, rejected=None).value == first.value
    sandbox.state.advance(150)
    assert qqbot.connector.fetch_app_token(qqbot.http, rejected=None).value != first.value
    other = channel(sandbox, app_id="other")
    with pytest.raises(UpstreamError) as caught:
        other.fetch_app_token(qqbot.http, rejected=None)
    assert (caught.value.code, caught.value.platform_code) == ("platform_configuration", "100007")


def test_odd_lifetimes_of_a_token_end_in_two_hours_at_most(sandbox: SandboxServer) -> None:
    for given, seconds in (
        ("7200", 7200),
        (60, 60),
        ("x", 7200),
        (-1, 7200),
        (True, 7200),
        ("9" * 5000, 7200),
    ):
        told = api({"access_token": "t", "expires_in": given})
        assert channel(sandbox).fetch_app_token(told, rejected=None).expires_in == seconds


OUTCOMES: dict[str, tuple[int, ...]] = {
    "recipient": (304026, 304027, 304028, 304022, 304045, 10001, 304031, 1100104, 304103, 40034005),
    "content": (50006, 50035, 12002, 50055, 304005, 304020, 304025, 1100101, 424242),
    "settings": (304003, 11251, 11253, 11254, 11265, 50056, 304036),
    "wait": (22009, 20028, 1100100),
    "busy": (11252, 11263, 304082, 304083),
    "stale": (11241, 11242, 11243),
}


def judged(sandbox: SandboxServer, told: Any) -> str:
    bot = sending(channel(sandbox), api(told))
    bot.app_token = "t"
    error = bot.refusal(Message(text="a"), TO)
    assert isinstance(error, UpstreamError)
    return outcome_of(error)


def test_every_number_has_its_outcome(sandbox: SandboxServer) -> None:
    for name, codes in OUTCOMES.items():
        for code in codes:
            assert judged(sandbox, answer({"code": code, "message": "no"}, 400)) == name, code
    assert judged(sandbox, answer(b"<html>")) == "unknown"
    assert judged(sandbox, answer({"timestamp": 1})) == "unknown"


def test_a_reply_that_waits_for_review_was_accepted(sandbox: SandboxServer) -> None:
    for status, code in ((202, 304023), (201, 304024)):
        bot = sending(channel(sandbox), api(answer({"code": code, "message": "async ok"}, status)))
        bot.app_token = "t"
        assert bot.send(Message(text="a"), TO)[0].accepted_only


def test_whoever_wrote_is_answered(sandbox: SandboxServer) -> None:
    person = {"id": "ROBOT1.0_a.b!", "author": {"user_openid": MAYA}, "content": "hi"}
    in_group = {"id": "ROBOT1.0_g", "author": {"member_openid": MAYA}, "group_openid": GROUP}
    for data, to in (
        (person, Recipient("open_id", f"{MAYA}/ROBOT1.0_a.b!")),
        (in_group, Recipient("chat_id", f"{GROUP}/ROBOT1.0_g")),
        ({"id": "x"}, None),
        ({**person, "id": "a b"}, None),
        ({**person, "id": "x" * 300}, None),
        ({**person, "author": {"user_openid": "../x"}}, None),
        ("text", None),
    ):
        assert channel(sandbox).reply_to(event_of(data={"d": data})) == to
