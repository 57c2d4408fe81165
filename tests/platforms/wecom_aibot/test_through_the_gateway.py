"""A bot's requests through the whole pipeline: the check of its address, an inline handler's reply, what is refused and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.values import Reply
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from sandbox.platforms.wecom_aibot.firing import open_reply
from tests.platforms.wecom_aibot.bot import AES_KEY, BOT, TOKEN, encrypted, event, message, proven, sent

# What is stored, and where, is the same for every platform.
pytestmark = pytest.mark.backends("sqlite")

MakeServices = Callable[..., Services]
CHANNEL = f"""
[channels.bot]
platform = "wecom-aibot"
aibotid = "{BOT}"
token = "{TOKEN}"
encoding_aes_key = "{AES_KEY}"
"""


def replying(runs: list[str]) -> Router:
    """Return routes that answer messages, polls and first visits, and remember what ran."""
    router = Router()

    def reply(happened: Any, _context: Any) -> Any:
        runs.append(happened.type)
        if happened.type == "message.text":
            return {"msg_type": "stream", "id": "s1", "finish": False, "content": f"thinking {len(runs)}"}
        return "done"

    for kind in ("message.text", "message.stream", "event.enter_chat"):
        router.on("bot", kind, inline=True, name=kind)(reply)
    return router


def opened(reply: Reply) -> Mapping[str, Any]:
    assert reply.status == 200
    return open_reply(reply.body, token=TOKEN, encoding_aes_key=AES_KEY)


def stored(services: Services) -> list[Any]:
    return list(list_events_page(services, {}, cursor=None, limit=5)["items"])


def test_a_conversation_is_answered_bit_by_bit(services_with: MakeServices) -> None:
    runs: list[str] = []
    services = services_with(router=replying(runs), channels=CHANNEL)
    welcome, begun, whole = (
        opened(receive(services, "bot", sent(text), trace_id=""))
        for text in (
            event("enter_chat", msgid="1"),
            message(msgid="2"),
            message("stream", msgid="3", stream={"id": "s1"}),
        )
    )
    assert welcome == {"msgtype": "text", "text": {"content": "done"}}
    assert begun["stream"] == {"id": "s1", "finish": False, "content": "thinking 2"}
    assert whole["stream"] == {"id": "s1", "finish": True, "content": "done"}
    assert runs == ["event.enter_chat", "message.text", "message.stream"]


def test_a_redelivered_message_gets_the_same_reply_and_runs_once(services_with: MakeServices) -> None:
    runs: list[str] = []
    services = services_with(router=replying(runs), channels=CHANNEL)
    first, second = (opened(receive(services, "bot", sent(message()), trace_id="")) for _ in range(2))
    assert first == second
    assert runs == ["message.text"]


def test_without_a_route_a_message_is_stored_and_the_answer_is_empty(services_with: MakeServices) -> None:
    services = services_with(router=Router(), channels=CHANNEL)
    reply = receive(services, "bot", sent(message()), trace_id="")
    assert (reply.status, reply.body) == (200, b"")
    (kept,) = stored(services)
    assert (kept["type"], kept["subject"]) == ("message.text", "zhangsan")


def test_the_check_of_the_address_is_answered_and_not_stored(services_with: MakeServices) -> None:
    services = services_with(router=Router(), channels=CHANNEL)
    reply = receive(services, "bot", proven(encrypted(b"123456"), method="GET"), trace_id="")
    assert (reply.status, reply.body) == (200, b"123456")
    assert stored(services) == []


def test_a_message_for_another_bot_is_refused_and_its_id_is_told_to_operators(
    services_with: MakeServices,
) -> None:
    services = services_with(router=Router(), channels=CHANNEL)
    with pytest.raises(VerificationError) as caught:
        receive(services, "bot", sent(message(aibotid="aibOther")), trace_id="")
    assert caught.value.reason == "wrong_aibotid"
    assert "'aibOther'" in caught.value.explain()
    assert "aibOther" not in caught.value.message
