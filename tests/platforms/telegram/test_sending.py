"""Messages of a Telegram bot: against the simulated platform, and what every code and sentence means."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.errors import UpstreamError
from app.core.sending import Message, QuotaReached, Recipient, Sender
from app.platforms import discover
from app.platforms.telegram.sending import BY_TEXT
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.telegram.sample import TOKEN
from tests.sandbox.server import SandboxServer

MAYA = Recipient("user_id", "10004")


def opened(**keys: str) -> object:
    spec = discover()["telegram"]
    return spec.open("telegram", spec.settings.model_validate({"bot_token": TOKEN, **keys}))


@pytest.fixture
def telegram(sandbox: SandboxServer) -> Sending:
    own = sandbox.settings
    keys = {"bot_token": own["TELEGRAM_BOT_TOKEN"], "chat_id": own["TELEGRAM_CHAT_ID"]}
    return sending(opened(**keys, api_base=f"{sandbox.url}/telegram"))


def test_a_message_reaches_the_groups_chat_with_its_markup(sandbox: SandboxServer, telegram: Sending) -> None:
    text = "**Disk** is _full_ & `x<y`\n\n```\ndf -h\n```\n[page](https://ops.example/?a=1&b=2)"
    (result,) = telegram.send(Message(title="Alert", text=text, mentions=("10004", "@all")))
    (message,) = sandbox.state.inbox.of("telegram")
    assert (message.conversation, message.id) == ("group", result.message_id)
    shown = str(message.drawn)
    assert "<strong>Disk</strong>" in shown
    assert "x&lt;y</code>" in shown
    assert 'href="https://ops.example/?a=1&amp;b=2"' in shown
    assert '<span class="mention">10004</span>' in shown
    assert "Alert" in message.text


def test_a_person_is_written_to_by_id(sandbox: SandboxServer, telegram: Sending) -> None:
    telegram.send(Message(text="Hello"), MAYA)
    assert sandbox.state.inbox.of("telegram")[0].conversation == "user:10004"


def test_markup_that_cannot_be_read_is_sent_once_more_as_plain_text(
    sandbox: SandboxServer, telegram: Sending
) -> None:
    content = {"text": "<b>Disk</i> &amp; more", "parse_mode": "HTML"}
    telegram.send(Message(type="sendMessage", content=content))
    (message,) = sandbox.state.inbox.of("telegram")
    assert (message.text, message.drawn) == ("Disk & more", None)
    assert len(sandbox.state.calls("telegram.method")) == 2


def test_what_the_simulated_telegram_refuses_has_its_sentence(telegram: Sending) -> None:
    for chat, fault in (
        ("-1000000002", "recipient"), ("-1001000000003", "settings"), ("10099", "recipient"),
        ("-1001000000004", "recipient"), ("5", "recipient"),
    ):  # fmt: skip
        error = telegram.refusal(Message(text="x"), Recipient("chat_id", chat))
        assert isinstance(error, UpstreamError)
        assert outcome_of(error) == fault, chat


def test_every_code_and_sentence_has_its_outcome() -> None:
    cases = [
        (
            answer({"ok": False, "error_code": 400, "description": f"Bad Request: {words}"}, 400),
            fault.at_fault,
        )
        for words, fault in BY_TEXT
    ]
    cases += [
        (answer({"ok": True, "result": {"message_id": 7}}), "sent"),
        (answer({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401), "settings"),
        (answer({"ok": False, "error_code": 404, "description": "Not Found"}, 404), "settings"),
        (answer({"ok": False, "error_code": 403, "description": "Forbidden: new"}, 403), "recipient"),
        (answer({"ok": False, "error_code": 400, "description": "Bad Request: new"}, 400), "content"),
        (answer(b"<html>", 200), "unknown"),
        (answer({"ok": True}, 200), "unknown"),
        (answer({}, 502), "busy"),
    ]
    for given, expected in cases:
        assert ended(given) == expected, given.body


def ended(given: object) -> str:
    # The second answer is for the plain text after "can't parse entities".
    try:
        sending(opened(chat_id="1"), api(given, given)).send(Message(text="x"))
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_the_wait_is_read_from_the_body() -> None:
    for said, expected in ((7, 7), (0, 1), (10**9, 3600), ("x", 60)):
        given = answer({"ok": False, "error_code": 429, "parameters": {"retry_after": said}}, 429)
        error = sending(opened(chat_id="1"), api(given)).refusal(Message(text="x"))
        assert isinstance(error, QuotaReached)
        assert error.retry_after == expected
    page = answer(b"<html>slow down", 429)
    assert isinstance(sending(opened(chat_id="1"), api(page)).refusal(Message(text="x")), QuotaReached)


def test_long_texts_are_split_and_odd_shapes_refused(telegram: Sending) -> None:
    parts = telegram.sender.parts(Message(text="😀 line. " * 1200), "robot")
    assert len(parts) > 1
    for part in parts:
        assert len(part.body["parameters"]["text"].encode("utf-16-le")) // 2 <= 4096
    for message in (
        Message(type="sendMessage", content={"text": "x" * 4097}),
        Message(type="sendMessage", content={"text": "x", "chat_id": 5}),
        Message(type="sendPhoto", content={"caption": "no photo"}),
        Message(type="banChatMember", content={"text": "x"}),
        Message(text="x", mentions=("<b>",)),
    ):
        refused_parts(telegram.sender, message, "robot")


def test_keys_decide_whom_a_channel_reaches() -> None:
    assert not isinstance(opened(bot_token=""), Sender)
    assert opened().recipient_kinds == ("chat_id", "user_id")  # type: ignore[attr-defined]
    with pytest.raises(ValidationError):
        opened(bot_token="1/../x")
