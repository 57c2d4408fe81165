"""The simulated phone's chat with the bot: what it sends, and how it shows the gateway's replies."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response

from app.core.values import Outcome, ParsedEvent, Situation
from sandbox.platforms.wecom_aibot.chat import CHAT
from tests.platforms.callback_cases import NOW, received
from tests.platforms.wecom_aibot.simulator_client import chat, press
from tests.platforms.wecom_aibot.test_simulated_events import request_of, sample_bot
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer


class Gateway:
    """Answers as a gateway with these handlers' results would, by type; remembers the events."""

    def __init__(self, stand_in: StandIn, **results: Any):
        self.events: list[ParsedEvent] = []
        self._results = results
        stand_in.answer = self._answer

    def _answer(self, seen: Received) -> Response:
        request = request_of(seen)
        verified, happened = received(sample_bot(), request)
        self.events.append(happened)
        data = self._results.get(happened.type.rpartition(".")[2])
        outcome = Outcome(Situation.SUCCESS, "evt", happened, data=data, now=NOW)
        return Response(sample_bot().acknowledge(request, verified, outcome).body)


def test_a_text_and_its_answer_become_bubbles(firing: SandboxServer, gateway: StandIn) -> None:
    told = Gateway(gateway, text="晴，26 度")
    page = press(firing, action="text", text="今天天气如何")
    (happened,) = told.events
    assert (happened.type, happened.data["text"], happened.subject) == (
        "message.text",
        {"content": "今天天气如何"},
        "maya",
    )
    assert "晴，26 度" in page.text
    assert 'value="rest"' not in page.text


def test_opening_the_chat_brings_the_welcome(firing: SandboxServer, gateway: StandIn) -> None:
    Gateway(gateway, enter_chat="欢迎使用")
    assert "欢迎使用" in press(firing, action="open").text


def test_the_rest_of_an_unfinished_answer_can_be_asked_for(firing: SandboxServer, gateway: StandIn) -> None:
    begun = {"msg_type": "stream", "id": "s77", "finish": False, "content": "让我想想"}
    told = Gateway(gateway, text=begun, stream="想好了")
    page = press(firing, action="text", text="?")
    assert 'name="unfinished" value="s77"' in page.text
    page = press(firing, action="rest", unfinished="s77")
    assert [happened.type for happened in told.events] == ["message.text", "message.stream"]
    assert told.events[1].data["stream"] == {"id": "s77"}
    assert "想好了" in page.text
    assert 'value="rest"' not in page.text


def test_an_empty_answer_says_nothing(firing: SandboxServer, gateway: StandIn) -> None:
    Gateway(gateway)
    assert "message.text → 200" in press(firing, action="text", text="hi").text


def test_a_bot_is_not_followed_and_no_code_is_scanned(sandbox: SandboxServer) -> None:
    page = chat(sandbox).text
    assert 'name="text"' in page
    assert 'value="open"' in page
    assert 'value="follow"' not in page
    assert "/phone/find" not in page
    assert "UserID <code>maya</code>" in page


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ({"stream": {"id": "s", "finish": False, "content": ""}}, "…"),
        ({"stream": {"finish": True, "content": "hi", "msg_item": [{}, {}]}}, "hi [image] [image]"),
        ({"template_card": {"card_type": "vote", "main_title": {"title": "A?"}}}, "[A?]"),
        ({"template_card": {"card_type": "vote"}, "stream": {"content": "hi"}}, "hi [vote]"),
    ],
)
def test_every_kind_of_reply_has_words(reply: dict[str, Any], shown: str) -> None:
    assert CHAT.reply_text(reply) == shown
